import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTransport, type NodemailerError } from 'nodemailer';
import type { MailTransport, OutgoingMail } from '../domain/mail.ts';

export interface SmtpOptions {
  readonly host: string;
  readonly port: number;
  /** `starttls` refuses a server that does not offer it; `none` is for one that is reached in another safe way. */
  readonly tls: 'starttls' | 'implicit' | 'none';
  /** May hold `username` and `password`, and `ca.crt`: read anew for each mail, so that they can be rotated. */
  readonly credentialsDirectory: string | undefined;
  readonly from: string;
}

/** All of them together stay below the time after which another pod tries the same mail. */
const timeouts = { dnsTimeout: 3_000, connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 10_000 };

export class SmtpMailTransport implements MailTransport {
  readonly #options: SmtpOptions;

  constructor(options: SmtpOptions) {
    this.#options = options;
  }

  async send(mail: OutgoingMail): Promise<'sent' | 'rejected'> {
    const { host, port, tls, credentialsDirectory: directory, from } = this.#options;
    const user = optionalFile(directory, 'username');
    const ca = optionalFile(directory, 'ca.crt');
    const transport = createTransport({
      ...timeouts,
      host,
      port,
      secure: tls === 'implicit',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'none',
      tls: { minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) },
      ...(user === undefined ? {} : { auth: { user, pass: optionalFile(directory, 'password') ?? '' } }),
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    try {
      await transport.sendMail(message(mail, from));
      return 'sent';
    } catch (error) {
      if (isNoSuchMailbox(error)) return 'rejected';
      throw error;
    } finally {
      transport.close();
    }
  }
}

function message({ id, to, subject, text, html, language }: OutgoingMail, from: string) {
  const domain = from.slice(from.lastIndexOf('@') + 1).replace('>', '');
  const headers = { 'content-language': language, 'auto-submitted': 'auto-generated' };
  return { from, to: { name: '', address: to }, subject, text, html, headers, messageId: `<${id}@${domain}>` };
}

/** The server knows the recipient not to be there; a refusal of ourselves is for our operator to mend. */
function isNoSuchMailbox(error: unknown): boolean {
  const { code, command, permanent } = error as NodemailerError;
  return code === 'EENVELOPE' && command === 'RCPT TO' && permanent === true;
}

function optionalFile(directory: string | undefined, file: string): string | undefined {
  if (directory === undefined || !existsSync(join(directory, file))) return undefined;
  return readFileSync(join(directory, file), 'utf8').trim();
}
