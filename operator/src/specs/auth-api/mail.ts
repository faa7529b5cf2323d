import type { AuthCluster } from '../../api/authcluster.ts';
import { type Destination, destination, destinationOfUrl } from '../network/destination.ts';
import { type EnvironmentEntry, variable } from '../pods.ts';
import { DIRECTORIES } from './directories.ts';

type Mail = NonNullable<AuthCluster['spec']['api']['mail']>;

const SMTP_TLS = { StartTLS: 'starttls', Implicit: 'implicit', None: 'none' } as const;

/** How users are written to. */
export function mailVariables({ spec: { api } }: AuthCluster): EnvironmentEntry[] {
  const { mail } = api;
  if (mail === undefined) return [];
  return [
    variable('MAIL_FROM', mail.from),
    variable('MAIL_RESET_URL', mail.resetURL),
    variable('MAIL_VERIFY_URL', mail.verifyURL),
    variable('MAIL_DEFAULT_LANGUAGE', mail.defaultLanguage),
    variable('PASSWORD_RESET_LIFETIME_SECONDS', mail.resetLifetimeSeconds),
    variable('EMAIL_VERIFICATION_LIFETIME_SECONDS', mail.verificationLifetimeSeconds),
    ...(mail.templates === undefined ? [] : [variable('MAIL_TEMPLATES_DIR', DIRECTORIES.mailTemplates)]),
    ...deliveryVariables(mail),
    ...(mailCredentials(mail) === undefined ? [] : [variable('MAIL_CREDENTIALS_DIR', DIRECTORIES.mailCredentials)]),
  ];
}

function deliveryVariables({ smtp, webhook }: Mail): EnvironmentEntry[] {
  return [
    ...(smtp === undefined
      ? []
      : [
          variable('MAIL_DELIVERY', 'smtp'),
          variable('MAIL_SMTP_HOST', smtp.host),
          variable('MAIL_SMTP_PORT', smtpPort(smtp)),
          variable('MAIL_SMTP_TLS', SMTP_TLS[smtp.tls]),
        ]),
    ...(webhook === undefined ? [] : [variable('MAIL_DELIVERY', 'webhook'), variable('MAIL_WEBHOOK_URL', webhook.url)]),
  ];
}

/** The Secret of the way that mail takes. */
export function mailCredentials({ smtp, webhook }: Mail): { secretName: string } | undefined {
  return smtp?.credentials ?? webhook?.credentials;
}

/** Where mail goes to. */
export function mailDestination(cluster: AuthCluster): Destination | undefined {
  const { smtp, webhook } = cluster.spec.api.mail ?? {};
  if (smtp !== undefined) return destination(cluster, smtp.host, smtpPort(smtp));
  return webhook === undefined ? undefined : destinationOfUrl(cluster, webhook.url);
}

function smtpPort({ port, tls }: NonNullable<Mail['smtp']>): number {
  return port ?? (tls === 'Implicit' ? 465 : 587);
}
