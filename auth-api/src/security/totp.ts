import { createHmac, timingSafeEqual } from 'node:crypto';

export type TotpHash = 'sha1' | 'sha256' | 'sha512';

const stepSeconds = 30;
/** Clocks of telephones differ, and people type slowly: one step to either side (RFC 6238 section 5.2). */
const toleratedSteps = 1;

/** The code of a step (RFC 6238 section 4, RFC 4226 section 5.3). */
export function totpCode(secret: Buffer, step: number, digits = 6, hash: TotpHash = 'sha1'): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac(hash, secret).update(counter).digest();
  const offset = mac.readUInt8(mac.length - 1) & 0x0f;
  const number = mac.readUInt32BE(offset) & 0x7f_ff_ff_ff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

export function totpStep(nowMs: number): number {
  return Math.floor(nowMs / 1000 / stepSeconds);
}

/** The step of which this is the code, if it is about now and after the one used last. All of them are compared. */
export function matchingStep(secret: Buffer, code: string, nowMs: number, lastUsedStep: number): number | undefined {
  const now = totpStep(nowMs);
  const presented = Buffer.from(code);
  let matching: number | undefined;
  for (let step = now - toleratedSteps; step <= now + toleratedSteps; step += 1) {
    const expected = Buffer.from(totpCode(secret, step));
    const isEqual = presented.length === expected.length && timingSafeEqual(presented, expected);
    if (isEqual && step > lastUsedStep) matching = step;
  }
  return matching;
}
