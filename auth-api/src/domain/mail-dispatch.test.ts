import { describe, expect, jest, test } from '@jest/globals';
import { portOf, readableRefreshTokens } from '../testing/fakes.ts';
import type { DueMail, MailOutbox, MailRecipient, MailTransport } from './mail.ts';
import { dispatchMail, type MailDispatchPorts } from './mail-dispatch.ts';
import type { MailedTokenStore } from './recovery.ts';

const due: DueMail = {
  id: 'mail-1',
  template: 'reset_password',
  to: { userId: 'ada-id', recipient: null },
  languages: ['ja'],
  ageSeconds: 0,
};
const ada: MailRecipient = {
  userId: 'ada-id',
  username: 'ada',
  email: 'ada@example.com',
  isEmailVerified: true,
  locale: null,
  credentialVersion: 3,
};

function world({
  mail = due,
  account = ada as MailRecipient | null,
  send = 'sent' as 'sent' | 'rejected' | Error,
} = {}) {
  const waiting = [[mail], []];
  const remove = jest.fn<MailOutbox['remove']>(async () => {});
  const replaceByAccounts = jest.fn<MailOutbox['replaceByAccounts']>(async () => {});
  const add = jest.fn<MailedTokenStore['add']>(async () => {});
  const transport = jest.fn<MailTransport['send']>(async () => {
    if (send instanceof Error) throw send;
    return send;
  });
  const ends: string[] = [];
  const ports: MailDispatchPorts = {
    outbox: portOf<MailOutbox>({
      claim: async () => waiting.shift() ?? [],
      findRecipient: async () => account ?? undefined,
      remove,
      replaceByAccounts,
    }),
    mailedTokens: { add },
    secrets: readableRefreshTokens,
    renderer: {
      render: (_, [language = 'en'], values) => ({ subject: '', text: String(values.link), html: '', language }),
    },
    transport: { send: transport },
    settings: {
      service: 'Shop',
      resetUrl: 'https://shop/reset#{token}',
      verifyUrl: 'https://shop/verify#{token}',
      resetLifetimeSeconds: 1800,
      verificationLifetimeSeconds: 86_400,
    },
    onEnd: (template, end) => ends.push(`${template} ${end}`),
  };
  return { ports, remove, replaceByAccounts, add, transport, ends };
}

test('a reset goes to the verified address, with a token of which the hash alone is kept', async () => {
  const { ports, transport, add, remove, ends } = world();
  await dispatchMail(ports);
  expect(transport).toHaveBeenCalledWith(
    expect.objectContaining({ id: 'mail-1', to: 'ada@example.com', text: 'https://shop/reset#minted', language: 'ja' }),
  );
  expect(add).toHaveBeenCalledWith({
    tokenHash: Buffer.from('hash of minted'),
    userId: 'ada-id',
    purpose: 'reset_password',
    email: 'ada@example.com',
    credentialVersion: 3,
    lifetimeSeconds: 1800,
  });
  expect(remove).toHaveBeenCalledWith('mail-1');
  expect(ends).toEqual(['reset_password sent']);
});

test('the language that somebody chose goes before that of a browser', async () => {
  const { ports, transport } = world({ account: { ...ada, locale: 'pt' } });
  await dispatchMail(ports);
  expect(transport).toHaveBeenCalledWith(expect.objectContaining({ language: 'pt' }));
});

describe('nothing is sent', () => {
  test.each([
    ['to open an account whose address nobody verified', due, { ...ada, isEmailVerified: false }],
    ['to an account that is gone', due, null],
    ['to verify what is verified', { ...due, template: 'verify_email' }, ada],
    ['to verify no address', { ...due, template: 'verify_email' }, { ...ada, email: null, isEmailVerified: false }],
  ] as const)('%s', async (_, mail, account) => {
    const { ports, transport, add, remove, ends } = world({ mail, account });
    await dispatchMail(ports);
    expect(transport).not.toHaveBeenCalled();
    expect(add).not.toHaveBeenCalled();
    expect(remove).toHaveBeenCalledWith('mail-1');
    expect(ends).toEqual([`${mail.template} needless`]);
  });
});

test('what was typed becomes mail to the accounts that it names', async () => {
  const { ports, replaceByAccounts, transport } = world({ mail: { ...due, to: { identifierKey: 'ada' } } });
  await dispatchMail(ports);
  expect(replaceByAccounts).toHaveBeenCalledWith(expect.objectContaining({ id: 'mail-1' }), 'ada');
  expect(transport).not.toHaveBeenCalled();
});

test('what fails stays for another attempt', async () => {
  const { ports, remove, ends } = world({ send: new Error('no route') });
  await dispatchMail(ports);
  expect(remove).not.toHaveBeenCalled();
  expect(ends).toEqual(['reset_password failed']);
});

test('what is refused for good, or waits for a day, is given up', async () => {
  const refused = world({ send: 'rejected' });
  await dispatchMail(refused.ports);
  expect(refused.remove).toHaveBeenCalled();
  const old = world({ mail: { ...due, ageSeconds: 90_000 } });
  await dispatchMail(old.ports);
  expect([old.ends, old.transport.mock.calls]).toEqual([['reset_password expired'], []]);
});
