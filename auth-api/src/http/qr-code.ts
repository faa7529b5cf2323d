import encodeQr from 'qr';

/** An SVG image of a QR code, on white ground with its quiet zone: readable on a page of any colour. */
export function qrCodeSvg(text: string): string {
  const dark = encodeQr(text, 'svg', { ecc: 'medium', border: 4 });
  return dark.replace('><path', '><rect width="100%" height="100%" fill="#fff"/><path');
}
