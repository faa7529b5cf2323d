import { Counter, type Registry } from 'prom-client';
import { type MailTemplate, mailTemplates } from '../domain/mail.ts';
import type { MailEnd } from '../domain/mail-dispatch.ts';

const ends: readonly MailEnd[] = ['sent', 'failed', 'rejected', 'expired', 'needless'];

/** What became of mail. */
export class MailMetrics {
  readonly #mails: Counter<'template' | 'outcome'>;

  constructor(registry: Registry) {
    this.#mails = new Counter({
      name: 'mails_total',
      help: 'Attempts to send mail by how they ended; failed ones are repeated',
      labelNames: ['template', 'outcome'],
      registers: [registry],
    });
    for (const template of mailTemplates) for (const outcome of ends) this.#mails.inc({ template, outcome }, 0);
  }

  ended(template: MailTemplate, outcome: MailEnd): void {
    this.#mails.inc({ template, outcome });
  }
}
