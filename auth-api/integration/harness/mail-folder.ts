import { mkdtempSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../../dev/eventually.ts';

/** The folder that an auth API puts its mail into, in place of sending it. */
export class MailFolder {
  readonly directory = mkdtempSync(join(tmpdir(), 'authcluster-mail-'));
  readonly environment = {
    MAIL_DELIVERY: 'file',
    MAIL_FILE_DIR: this.directory,
    MAIL_FROM: 'no-reply@example.com',
    MAIL_RESET_URL: 'https://shop.example.com/reset#{token}',
    MAIL_VERIFY_URL: 'https://shop.example.com/verify#{token}',
  };

  /** The token of the mail to an address; waits until it comes. */
  tokenTo(address: string, template: 'reset_password' | 'verify_email', username: string): Promise<string> {
    return eventually(async () => {
      for (const name of await readdir(this.directory)) {
        const mail = JSON.parse(await readFile(join(this.directory, name), 'utf8'));
        const isMeant = mail.to === address && mail.template === template && mail.values.username === username;
        if (isMeant) return String(mail.values.token);
      }
      throw new Error(`no mail ${template} to ${address}`);
    });
  }
}
