import type { DueMail, MailOutbox, MailRecipient, MailRenderer, MailTemplate, MailTransport } from './mail.ts';
import type { RefreshTokens } from './ports/tokens.ts';
import type { MailedTokenStore } from './recovery.ts';

/** Mail that could not be delivered for so long is of no use any more. */
const longestWaitSeconds = 86_400;
const mailsAtOnce = 10;

export type MailEnd = 'sent' | 'failed' | 'rejected' | 'expired' | 'needless';

export interface MailDispatchPorts {
  readonly outbox: MailOutbox;
  readonly mailedTokens: Pick<MailedTokenStore, 'add'>;
  readonly secrets: Pick<RefreshTokens, 'mint' | 'hash'>;
  readonly renderer: MailRenderer;
  readonly transport: MailTransport;
  readonly settings: MailSettings;
  /** `failed`: it will be tried again. */
  readonly onEnd: (template: MailTemplate, end: MailEnd, error?: unknown) => void;
}

export interface MailSettings {
  readonly service: string;
  /** With `{token}` where the token goes. */
  readonly resetUrl: string;
  readonly verifyUrl: string;
  readonly resetLifetimeSeconds: number;
  readonly verificationLifetimeSeconds: number;
}

/** Sends what is due, some at a time, until nothing is; failures wait for their next attempt. */
export async function dispatchMail(ports: MailDispatchPorts): Promise<void> {
  for (;;) {
    const due = await ports.outbox.claim(mailsAtOnce);
    await Promise.all(due.map((mail) => dispatch(mail, ports)));
    if (due.length < mailsAtOnce) return;
  }
}

async function dispatch(mail: DueMail, ports: MailDispatchPorts): Promise<void> {
  const { outbox, onEnd } = ports;
  try {
    if ('identifierKey' in mail.to) {
      await outbox.replaceByAccounts(mail, mail.to.identifierKey);
      return;
    }
    const end = mail.ageSeconds > longestWaitSeconds ? 'expired' : await send(mail, mail.to, ports);
    await outbox.remove(mail.id);
    onEnd(mail.template, end);
  } catch (error) {
    onEnd(mail.template, 'failed', error);
  }
}

async function send(
  mail: DueMail,
  to: { readonly userId: string; readonly recipient: string | null },
  ports: MailDispatchPorts,
): Promise<MailEnd> {
  const account = await ports.outbox.findRecipient(to.userId);
  const address = account === undefined ? undefined : addressFor(mail.template, to.recipient, account);
  // By now there is nobody to write to, or nothing to tell.
  if (account === undefined || address === undefined) return 'needless';
  const values = {
    service: ports.settings.service,
    username: account.username,
    email: address,
    ...(await linkValues(mail.template, account, address, ports)),
  };
  const languages = account.locale === null ? mail.languages : [account.locale, ...mail.languages];
  const rendered = ports.renderer.render(mail.template, languages, values);
  return ports.transport.send({ ...rendered, id: mail.id, template: mail.template, to: address, values });
}

/** Only an address that was verified can open an account or is told of it; the others could be anybody's. */
function addressFor(
  template: MailTemplate,
  recipient: string | null,
  { email, isEmailVerified }: MailRecipient,
): string | undefined {
  switch (template) {
    case 'reset_password':
    case 'password_changed':
      return isEmailVerified ? (email ?? undefined) : undefined;
    case 'verify_email':
      return isEmailVerified ? undefined : (email ?? undefined);
    case 'email_changed':
      return recipient ?? undefined;
  }
}

/** A token is made when its mail is written, so that none is ever stored but as a hash. */
async function linkValues(
  template: MailTemplate,
  account: MailRecipient,
  email: string,
  { secrets, mailedTokens, settings }: MailDispatchPorts,
): Promise<Record<string, string>> {
  if (template !== 'reset_password' && template !== 'verify_email') return {};
  const isReset = template === 'reset_password';
  const lifetimeSeconds = isReset ? settings.resetLifetimeSeconds : settings.verificationLifetimeSeconds;
  const token = secrets.mint();
  const { userId, credentialVersion } = account;
  const tokenHash = secrets.hash(token);
  await mailedTokens.add({ tokenHash, userId, purpose: template, email, credentialVersion, lifetimeSeconds });
  const link = (isReset ? settings.resetUrl : settings.verifyUrl).replace('{token}', token);
  return { link, token, minutes: inUnits(lifetimeSeconds, 60), hours: inUnits(lifetimeSeconds, 3600) };
}

/** Rounded down: nobody is to come too late. */
function inUnits(seconds: number, unitSeconds: number): string {
  return String(Math.max(1, Math.floor(seconds / unitSeconds)));
}
