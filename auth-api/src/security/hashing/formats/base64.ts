const standardAlphabet = /^[A-Za-z0-9+/]+={0,2}$/;

/** Decodes standard base64, padded or not; passlib's '.' stands for '+'. Undefined when it is none. */
export function decodeBase64(text: string): Buffer | undefined {
  const standard = text.replaceAll('.', '+');
  return standardAlphabet.test(standard) ? Buffer.from(standard, 'base64') : undefined;
}

/** PHC strings carry base64 without padding. */
export function encodePhcBase64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
