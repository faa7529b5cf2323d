import { setTimeout as delay } from 'node:timers/promises';
import { totpCode, totpStep } from '../../src/security/totp.ts';
import type { Client } from './client.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The telephone of a user. Each code that it gives is of a later step than the one before. */
export class Authenticator {
  readonly #secret: Buffer;
  #lastStep = 0;

  /** @param secret in base32 */
  constructor(secret: string) {
    const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
    const bytes = bits.match(/.{8}/g) ?? [];
    this.#secret = Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
  }

  /** A server takes a code one step early: the third within a step waits until then. */
  async nextCode(): Promise<string> {
    const step = Math.max(this.#lastStep + 1, totpStep(Date.now()));
    while (totpStep(Date.now()) + 1 < step) await delay(200);
    this.#lastStep = step;
    return totpCode(this.#secret, step);
  }

  /** Six digits that are the code of no step near now. */
  wrongCode(): string {
    const now = totpStep(Date.now());
    const right = new Set([-3, -2, -1, 0, 1, 2, 3].map((offset) => totpCode(this.#secret, now + offset)));
    const wrong = Array.from({ length: 8 }, (_, digit) => String(digit).repeat(6)).find((code) => !right.has(code));
    return wrong ?? '';
  }
}

/** Gives an account its second factor. Throws where that is refused. */
export async function enroll(client: Client, token: string) {
  const path = '/v1/me/second-factor';
  const started = await client.send<{ secret: string }>('POST', path, { token });
  if (started.status !== 200) throw new Error(`the enrollment answered ${JSON.stringify(started.body)}`);
  const authenticator = new Authenticator(started.body.secret);
  const body = { code: await authenticator.nextCode() };
  const confirmed = await client.send<{ recovery_codes: string[] }>('POST', `${path}/confirm`, { token, body });
  if (confirmed.status !== 200) throw new Error(`the first code was answered ${JSON.stringify(confirmed.body)}`);
  return { authenticator, recoveryCodes: confirmed.body.recovery_codes };
}
