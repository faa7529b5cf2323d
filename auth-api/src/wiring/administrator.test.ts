import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { FirstAdministratorPorts } from '../domain/first-administrator.ts';
import type { LoginAccount } from '../domain/ports/users.ts';
import { appointAdministrator } from './administrator.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'administrator-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function mount(username: string, password: string): void {
  writeFileSync(join(directory, 'username'), username);
  writeFileSync(join(directory, 'password'), `${password}\n`);
}

/** A service with these accounts, by name: their passwords. */
function service(accounts: Record<string, string> = {}, disabled: readonly string[] = []) {
  const administrators: string[] = [];
  const log: string[] = [];
  const passwords = new Map(Object.entries(accounts));
  const ports = {
    clock: { nowMs: () => 0 },
    audit: { begin: () => ({ about: () => {} }) },
    passwordPolicy: {
      decide: (word: string) => (word.length < 8 ? { kind: 'refused', reason: 'is short' } : { kind: 'accepted' }),
    },
    passwords: {
      hash: async (word: string) => ({ kind: 'hashed', hash: word }),
      verify: async (word: string, hash: string) => ({ kind: word === hash ? 'matched' : 'mismatched' }),
    },
    roles: {
      hasAdministrator: async () => administrators.length > 0,
      grantRole: async (userId: string) => {
        if (userId === 'of many roles') return 'tooManyRoles';
        administrators.push(userId);
        return 'done';
      },
    },
    users: {
      findForLogin: async (name: string) => {
        const passwordHash = passwords.get(name);
        if (passwordHash === undefined) return undefined;
        return { userId: name, passwordHash, isActive: !disabled.includes(name) } as LoginAccount;
      },
      create: async () => ({ kind: 'created' }),
    },
  } as unknown as FirstAdministratorPorts;
  const write = (_: object, message: string) => log.push(message);
  /** Lets it try once for each of these changes, and once before them. */
  const appoint = async (...changes: (() => void)[]) => {
    const stopping = new AbortController();
    const pause = async () => {
      const change = changes.shift();
      if (change === undefined) stopping.abort();
      else change();
    };
    const logger = { info: write, warn: write, error: write };
    await appointAdministrator({ directory, ports, log: logger as never, pause, stopping: stopping.signal });
  };
  return { administrators, appoint, log };
}

test('an administrator is made once the files are there', async () => {
  const { administrators, appoint } = service();
  await appoint(() => mount('root', 'long enough'));
  expect(administrators).toHaveLength(1);
});

test('who registered the name first does not become administrator by that; other files settle it', async () => {
  mount('root', 'long enough');
  const { administrators, appoint, log } = service({ root: 'that of another', chief: 'long enough' });
  const nothing = () => undefined;
  await appoint(nothing, nothing, () => mount('chief', 'long enough'));
  expect(administrators).toEqual(['chief']);
  expect(log.filter((line) => line.includes('refused'))).toHaveLength(1);
});

test('an account that was disabled does not become administrator; another name settles it', async () => {
  mount('root', 'long enough');
  const { administrators, appoint, log } = service({ root: 'long enough', chief: 'long enough' }, ['root']);
  await appoint(() => mount('chief', 'long enough'));
  expect(administrators).toEqual(['chief']);
  expect(log.filter((line) => line.includes('refused'))).toHaveLength(1);
});

test('who can get no more roles does not become administrator, and the log tells', async () => {
  mount('of many roles', 'long enough');
  const { administrators, appoint, log } = service({ 'of many roles': 'long enough' });
  await appoint();
  expect(administrators).toEqual([]);
  expect(log.filter((line) => line.includes('refused'))).toHaveLength(1);
});

test.each([
  ['ad min', 'long enough'],
  ['', 'long enough'],
  ['root', 'short'],
])('"%s" with the password "%s" is refused, and nobody is made administrator', async (username, password) => {
  mount(username, password);
  const { administrators, appoint, log } = service();
  await appoint(() => undefined);
  expect(administrators).toEqual([]);
  expect(log).toEqual(['there is no administrator yet: the credentials given are refused']);
});

test('missing files are told once', async () => {
  const { appoint, log } = service();
  await appoint(
    () => undefined,
    () => undefined,
  );
  expect(log).toEqual(['the first administrator could not be appointed yet']);
});
