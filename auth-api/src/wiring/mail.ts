import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { repeat } from '../background/repeat.ts';
import type { ServeConfig } from '../config.ts';
import type { MailConfig } from '../config-mail.ts';
import type { MailOutbox, MailTransport } from '../domain/mail.ts';
import { dispatchMail } from '../domain/mail-dispatch.ts';
import type { Clock } from '../domain/ports/clock.ts';
import type { RefreshTokens } from '../domain/ports/tokens.ts';
import type { MailedTokenStore } from '../domain/recovery.ts';
import { FileMailTransport } from '../mail/file-transport.ts';
import { MailTemplates } from '../mail/mail-templates.ts';
import { SmtpMailTransport } from '../mail/smtp-transport.ts';
import { WebhookMailTransport } from '../mail/webhook-transport.ts';
import { MailMetrics } from '../observability/mail-metrics.ts';
import type { Metrics } from '../observability/metrics.ts';

/** Beside src/ and dist/ alike. */
const shippedTemplates = fileURLToPath(new URL('../../data/mail', import.meta.url));
const dispatchIntervalMs = 1_000;
const templateReloadIntervalMs = 30_000;

export interface MailDependencies {
  readonly mail: MailOutbox | undefined;
  readonly mailedTokens: MailedTokenStore;
  readonly refreshTokens: RefreshTokens;
  readonly clock: Clock;
}

/** Sends what is in the outbox, on every pod. */
export function startMail(
  { mail: config, serviceName }: ServeConfig,
  { mail: outbox, mailedTokens, refreshTokens: secrets, clock }: MailDependencies,
  { registry }: Metrics,
  log: Logger,
): { stop(): Promise<void> } {
  if (config === undefined || outbox === undefined) return { stop: async () => {} };
  const metrics = new MailMetrics(registry);
  const onUnusable = (error: unknown) => log.error({ error }, 'the templates of mail cannot be used as they are');
  const templates = new MailTemplates({
    shippedDirectory: shippedTemplates,
    ownDirectory: config.templatesDirectory,
    defaultLanguage: config.defaultLanguage,
    onUnusable,
  });
  const ports = {
    outbox,
    mailedTokens,
    secrets,
    renderer: templates,
    transport: createTransport(config, clock),
    settings: { ...config, service: serviceName },
    onEnd: (...[template, end, error]: Parameters<Parameters<typeof dispatchMail>[0]['onEnd']>) => {
      metrics.ended(template, end);
      if (error !== undefined) log.warn({ error, template }, 'mail could not be sent; it will be tried again');
    },
  };
  const onError = (error: unknown) => log.warn({ error }, 'the outbox of mail cannot be read');
  const dispatching = repeat(() => dispatchMail(ports), dispatchIntervalMs, onError);
  const reloading = repeat(async () => templates.reload(), templateReloadIntervalMs, onUnusable);
  return { stop: () => Promise.all([dispatching.stop(), reloading.stop()]).then(() => {}) };
}

function createTransport({ delivery, from }: MailConfig, clock: Clock): MailTransport {
  switch (delivery.kind) {
    case 'smtp':
      return new SmtpMailTransport({ ...delivery, from });
    case 'webhook':
      return new WebhookMailTransport({ ...delivery, clock });
    case 'file':
      return new FileMailTransport(delivery.directory);
  }
}
