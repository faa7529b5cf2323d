import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { eventually } from '../../../dev/eventually.ts';

export interface ReceivedMail extends Email {
  readonly recipient: string;
  readonly isEncrypted: boolean;
  readonly user: string | undefined;
}

export const mailbox = { username: 'shop', password: 'throw-away word of mail' };

/** A real SMTP server on this machine, with a certificate of its own. */
export class MailServer {
  readonly received: ReceivedMail[] = [];
  /** Answers each recipient until it is undefined again. */
  refuseWith: number | undefined;
  readonly directory = mkdtempSync(join(tmpdir(), 'authcluster-mail-'));
  readonly #server: SMTPServer;

  constructor(options: SMTPServerOptions = {}) {
    const [key, cert] = certificate(this.directory);
    writeFileSync(join(this.directory, 'username'), mailbox.username);
    writeFileSync(join(this.directory, 'password'), mailbox.password);
    this.#server = new SMTPServer({
      key,
      cert,
      logger: false,
      onAuth: ({ username = '', password = '' }, _, done) => {
        const isRight = username === mailbox.username && password === mailbox.password;
        done(isRight ? null : new Error('wrong password'), isRight ? { user: username } : undefined);
      },
      onRcptTo: (_address, _session, done) => {
        done(this.refuseWith === undefined ? null : Object.assign(new Error('no'), { responseCode: this.refuseWith }));
      },
      onData: async (stream, session, done) => {
        const chunks: Buffer[] = [];
        for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
        const mail = await PostalMime.parse(Buffer.concat(chunks));
        const [to] = session.envelope.rcptTo;
        this.received.push({
          ...mail,
          recipient: to?.address.toLowerCase() ?? '',
          isEncrypted: session.secure,
          user: typeof session.user === 'string' ? session.user : undefined,
        });
        done();
      },
      ...options,
    });
  }

  /** @returns the environment with which an auth API sends mail here */
  async listen(): Promise<Record<string, string>> {
    const server = this.#server.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    return {
      MAIL_DELIVERY: 'smtp',
      MAIL_FROM: 'Shop <no-reply@example.com>',
      MAIL_RESET_URL: 'https://shop.example.com/reset#{token}',
      MAIL_VERIFY_URL: 'https://shop.example.com/verify#{token}',
      MAIL_SMTP_HOST: 'localhost',
      MAIL_SMTP_PORT: String((server.address() as AddressInfo).port),
      MAIL_CREDENTIALS_DIR: this.directory,
    };
  }

  /** The first mail to an address, whatever its case, with something in subject or text; waits until it comes. */
  mailTo(address: string, pattern: RegExp): Promise<ReceivedMail> {
    const recipient = address.toLowerCase();
    return eventually(async () => {
      const mail = this.received.find(
        (each) => each.recipient === recipient && pattern.test(`${each.subject}\n${each.text}`),
      );
      if (mail === undefined) throw new Error(`no mail to ${recipient} that matches ${pattern}`);
      return mail;
    });
  }

  /** The token in the link of such a mail. */
  async tokenTo(recipient: string, pattern: RegExp): Promise<string> {
    const { text = '' } = await this.mailTo(recipient, pattern);
    const token = /https:\/\/\S+#([\w-]{43})/.exec(text)?.[1];
    if (token === undefined) throw new Error(`no link in:\n${text}`);
    return token;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(resolve));
  }
}

function certificate(directory: string): [Buffer, Buffer] {
  const [key, cert] = [join(directory, 'tls.key'), join(directory, 'ca.crt')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...made, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return [readFileSync(key), readFileSync(cert)];
}
