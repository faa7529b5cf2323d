import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MailTransport, OutgoingMail } from '../domain/mail.ts';

/** Puts mail into a folder, a JSON file for each, for development: nothing leaves the machine. */
export class FileMailTransport implements MailTransport {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async send(mail: OutgoingMail): Promise<'sent'> {
    await writeFile(join(this.#directory, `${mail.id}.json`), JSON.stringify(mail, undefined, 2), { mode: 0o600 });
    return 'sent';
  }
}
