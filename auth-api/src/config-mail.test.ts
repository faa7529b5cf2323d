import { expect, test } from '@jest/globals';
import { mailConfig } from './config-mail.ts';
import { Environment } from './environment.ts';

const common = {
  MAIL_FROM: 'Shop <no-reply@example.com>',
  MAIL_RESET_URL: 'https://example.com/reset#{token}',
  MAIL_VERIFY_URL: 'https://example.com/verify#{token}',
};

function parse(variables: Record<string, string>) {
  const env = new Environment(variables);
  return { config: mailConfig(env), problems: env.problems };
}

test('nobody is written to unless it is asked for', () => {
  expect(parse({})).toEqual({ config: undefined, problems: [] });
});

test('SMTP asks for TLS unless it is told not to', () => {
  const { config, problems } = parse({ ...common, MAIL_DELIVERY: 'smtp', MAIL_SMTP_HOST: 'mail.example.com' });
  expect(problems).toEqual([]);
  expect(config).toMatchObject({ delivery: { kind: 'smtp', port: 587, tls: 'starttls' }, retrySeconds: 30 });
  const implicit = { ...common, MAIL_DELIVERY: 'smtp', MAIL_SMTP_HOST: 'mail', MAIL_SMTP_TLS: 'implicit' };
  expect(parse(implicit).config?.delivery).toMatchObject({ port: 465 });
});

test('every variable that is missing or wrong is named', () => {
  const wrong = {
    MAIL_DELIVERY: 'smtp',
    MAIL_FROM: 'nobody',
    MAIL_RESET_URL: 'https://example.com/reset',
    MAIL_DEFAULT_LANGUAGE: '?',
    PASSWORD_RESET_LIFETIME_SECONDS: '1',
    MAIL_RETRY_SECONDS: '0',
  };
  expect(parse(wrong).problems.sort()).toEqual([
    'MAIL_DEFAULT_LANGUAGE must be a language tag as en or pt-BR, not "?"',
    'MAIL_FROM must be an address, or a name and <an address>, not "nobody"',
    'MAIL_RESET_URL must have {token} where the token goes',
    'MAIL_RETRY_SECONDS must be an integer from 1 to 3600, not "0"',
    'MAIL_SMTP_HOST must be set',
    'MAIL_VERIFY_URL must be set',
    'PASSWORD_RESET_LIFETIME_SECONDS must be an integer from 60 to 604800, not "1"',
  ]);
  expect(parse({ ...common, MAIL_DELIVERY: 'webhook' }).problems).toEqual([
    'MAIL_WEBHOOK_URL must be set',
    'MAIL_CREDENTIALS_DIR must be set',
  ]);
  expect(parse({ ...common, MAIL_DELIVERY: 'pigeon' }).problems).toHaveLength(1);
});
