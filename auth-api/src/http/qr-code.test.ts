import { expect, test } from '@jest/globals';
import { decodeQR } from 'qr/decode.js';
import { qrCodeSvg } from './qr-code.ts';

const pixelsPerModule = 4;

/** Draws the squares of a path as `M2 2h1v1H2Zm1 0h1v1H3Z…`, each of one module. */
function draw(svg: string) {
  const side = Number(/viewBox="0 0 (\d+) \d+"/.exec(svg)?.[1]) * pixelsPerModule;
  const data = new Uint8Array(side * side * 3).fill(255);
  let [x, y] = [0, 0];
  for (const [, command, dx, dy] of svg.matchAll(/([Mm])(-?\d+)[ ]?(-?\d+)h1v1[^Z]*Z/g)) {
    [x, y] = command === 'M' ? [Number(dx), Number(dy)] : [x + Number(dx), y + Number(dy)];
    for (let row = y * pixelsPerModule; row < (y + 1) * pixelsPerModule; row += 1) {
      const start = (row * side + x * pixelsPerModule) * 3;
      data.fill(0, start, start + pixelsPerModule * 3);
    }
  }
  return { width: side, height: side, data };
}

test('a reader reads what was written, on white ground', () => {
  const uri = 'otpauth://totp/Caf%C3%A9:ada%40example.com?secret=ABCDEFGHIJKLMNOPQRSTUVWXYZ234567&issuer=Caf%C3%A9';
  const svg = qrCodeSvg(uri);
  expect(svg).toMatch(/^<svg [^>]*><rect width="100%" height="100%" fill="#fff"\/><path /);
  expect(decodeQR(draw(svg))).toBe(uri);
});
