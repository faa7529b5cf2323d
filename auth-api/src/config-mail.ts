import { longestMailRetrySeconds } from './domain/mail.ts';
import type { Environment } from './environment.ts';

export type MailDelivery =
  | {
      readonly kind: 'smtp';
      readonly host: string;
      readonly port: number;
      readonly tls: 'starttls' | 'implicit' | 'none';
      readonly credentialsDirectory: string | undefined;
    }
  | { readonly kind: 'webhook'; readonly url: string; readonly credentialsDirectory: string }
  | { readonly kind: 'file'; readonly directory: string };

export interface MailConfig {
  readonly delivery: MailDelivery;
  readonly from: string;
  /** With `{token}` where the token goes. */
  readonly resetUrl: string;
  readonly verifyUrl: string;
  /** Files here replace templates of ours, and add languages. */
  readonly templatesDirectory: string | undefined;
  readonly defaultLanguage: string;
  readonly resetLifetimeSeconds: number;
  readonly verificationLifetimeSeconds: number;
  /** Until mail that failed is tried again, and twice as long each time after that. Longer than an attempt takes. */
  readonly retrySeconds: number;
}

const longestLifetimeSeconds = 604_800;

/** Undefined where MAIL_DELIVERY is `none`: nobody is written to, and passwords are not reset by mail. */
export function mailConfig(env: Environment): MailConfig | undefined {
  const kind = env.choice('MAIL_DELIVERY', ['none', 'smtp', 'webhook', 'file'], 'none');
  if (kind === 'none') return undefined;
  const seconds = (name: string, fallback: number) => {
    return env.integer(name, { min: 60, max: longestLifetimeSeconds, fallback });
  };
  return {
    delivery: delivery(env, kind),
    from: sender(env),
    resetUrl: linkUrl(env, 'MAIL_RESET_URL'),
    verifyUrl: linkUrl(env, 'MAIL_VERIFY_URL'),
    templatesDirectory: env.optional('MAIL_TEMPLATES_DIR'),
    defaultLanguage: language(env),
    resetLifetimeSeconds: seconds('PASSWORD_RESET_LIFETIME_SECONDS', 1800),
    verificationLifetimeSeconds: seconds('EMAIL_VERIFICATION_LIFETIME_SECONDS', 86_400),
    retrySeconds: env.integer('MAIL_RETRY_SECONDS', { min: 1, max: longestMailRetrySeconds, fallback: 30 }),
  };
}

function delivery(env: Environment, kind: MailDelivery['kind']): MailDelivery {
  switch (kind) {
    case 'smtp': {
      const tls = env.choice('MAIL_SMTP_TLS', ['starttls', 'implicit', 'none'], 'starttls');
      const fallback = tls === 'implicit' ? 465 : 587;
      return {
        kind,
        tls,
        host: env.required('MAIL_SMTP_HOST'),
        port: env.integer('MAIL_SMTP_PORT', { min: 1, max: 65_535, fallback }),
        credentialsDirectory: env.optional('MAIL_CREDENTIALS_DIR'),
      };
    }
    case 'webhook':
      return { kind, url: env.url('MAIL_WEBHOOK_URL'), credentialsDirectory: env.required('MAIL_CREDENTIALS_DIR') };
    case 'file':
      return { kind, directory: env.required('MAIL_FILE_DIR') };
  }
}

/** `name@example.com` or `Name <name@example.com>`. */
function sender(env: Environment): string {
  const from = env.required('MAIL_FROM');
  if (from !== '' && !/^([^<>\r\n]+ <[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/.test(from)) {
    env.problems.push(`MAIL_FROM must be an address, or a name and <an address>, not "${from}"`);
  }
  return from;
}

function linkUrl(env: Environment, name: string): string {
  const url = env.url(name);
  if (url !== '' && !url.includes('{token}')) env.problems.push(`${name} must have {token} where the token goes`);
  return url;
}

function language(env: Environment): string {
  const tag = env.text('MAIL_DEFAULT_LANGUAGE', 'en');
  if (!/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(tag)) {
    env.problems.push(`MAIL_DEFAULT_LANGUAGE must be a language tag as en or pt-BR, not "${tag}"`);
  }
  return tag;
}
