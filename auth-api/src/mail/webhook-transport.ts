import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MailTransport, OutgoingMail } from '../domain/mail.ts';
import type { Clock } from '../domain/ports/clock.ts';

export interface WebhookOptions {
  readonly url: string;
  /** Holds `secret`: `whsec_` and 24 to 64 bytes in base64. Read anew for each mail. */
  readonly credentialsDirectory: string;
  readonly clock: Clock;
}

const timeoutMs = 10_000;

/** Hands mail to a service of the operator's own, signed as https://www.standardwebhooks.com says. */
export class WebhookMailTransport implements MailTransport {
  readonly #options: WebhookOptions;

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  /** Rejects also where the secret cannot be read or is malformed: the mail waits until that is mended. */
  async send({ id, template, ...data }: OutgoingMail): Promise<'sent'> {
    const { url, credentialsDirectory, clock } = this.#options;
    const seconds = Math.floor(clock.nowMs() / 1000);
    const body = JSON.stringify({ type: `mail.${template}`, timestamp: new Date(clock.nowMs()).toISOString(), data });
    const answer = await fetch(url, {
      method: 'POST',
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(seconds),
        'webhook-signature': webhookSignature(readSecret(credentialsDirectory), `${id}.${seconds}.${body}`),
      },
    });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`the webhook for mail answered ${answer.status}`);
    return 'sent';
  }
}

/** @param content `id.timestamp.body` */
export function webhookSignature(secret: Buffer, content: string): string {
  return `v1,${createHmac('sha256', secret).update(content).digest('base64')}`;
}

function readSecret(directory: string): Buffer {
  const text = readFileSync(join(directory, 'secret'), 'utf8').trim();
  const secret = Buffer.from(text.replace(/^whsec_/, ''), 'base64');
  if (!text.startsWith('whsec_') || secret.length < 24 || secret.length > 64) {
    throw new Error('the file secret of the webhook must be whsec_ and 24 to 64 bytes in base64');
  }
  return secret;
}
