import { readFileSync } from 'node:fs';
import { describe, expect, jest, test } from '@jest/globals';
import { type AuditEvent, type AuditLog, PendingAuditEvent, unknownOrigin } from '../domain/audit.ts';
import { auditReference } from './audit-reference.ts';
import { auditTypes, eventOf, isAudited, noteEvent, recordAct } from './audited.ts';
import { problem } from './problem.ts';
import { routes } from './routes/all.ts';

function newLog() {
  const noted: AuditEvent[] = [];
  const record = jest.fn<AuditLog['record']>(async () => {});
  const log: AuditLog = {
    begin: (type, origin) =>
      new PendingAuditEvent({ type, origin, clock: { nowMs: () => 0 }, hashName: (name) => name }),
    note: (event) => noted.push(event),
    record,
    page: async () => [],
  };
  return { log, noted, record };
}

const claims = {
  userId: 'root',
  sessionId: 'session',
  roles: [],
  authenticatedAtSeconds: 0,
  hasSecondFactor: false,
  tokenId: 'token',
  issuedAtSeconds: 0,
  expiresAtSeconds: 0,
};

function begin(operation: string, log: AuditLog) {
  const route = routes.find(({ description }) => description.operation === operation);
  if (route === undefined) throw new Error(`there is no operation ${operation}`);
  const event = eventOf(route, unknownOrigin, { claims, parameter: (name) => `the ${name}` }, log);
  return { route, event };
}

test('all that changes something is audited, and what only decides is not', () => {
  const changing = routes.filter(({ description }) => description.method !== 'get').map((route) => route.description);
  expect(changing.filter((each) => !isAudited(each)).map(({ operation }) => operation)).toEqual([
    'authorize',
    'compare_access_document',
  ]);
});

test('the committed reference is current: npm run generate -w auth-api', () => {
  const committed = readFileSync(new URL('../../../docs/reference/audit-events.md', import.meta.url), 'utf8');
  expect(auditReference(routes)).toEqual(committed);
});

test('types are words that can be filtered by', () => {
  const types = auditTypes(routes);
  expect(new Set(types).size).toBe(types.length);
  expect(types.filter((type) => !/^[a-z_]{3,64}$/.test(type))).toEqual([]);
});

test('what the path names is told: whose account, which role', () => {
  const { log } = newLog();
  expect(begin('grant_role', log).event.ended('success')).toMatchObject({
    actorId: 'root',
    sessionId: 'session',
    subjectId: 'the id',
    details: { role: 'the role' },
  });
  expect(begin('end_session', log).event.ended('success')).toMatchObject({
    actorId: 'root',
    subjectId: 'root',
    details: { id: 'the id' },
  });
});

describe('an act of an administrator', () => {
  test('that no transaction has recorded is recorded before its answer', async () => {
    const { log, noted, record } = newLog();
    const { route, event } = begin('clear_cache', log);
    await recordAct(route, event, { status: 204 }, log);
    expect(record).toHaveBeenCalledTimes(1);
    noteEvent(route, event, { status: 204 }, log);
    expect(noted).toEqual([]);
  });

  test('that cannot be recorded is no success', async () => {
    const { log, record } = newLog();
    const { route, event } = begin('clear_cache', log);
    record.mockRejectedValueOnce(new Error('no database'));
    await expect(recordAct(route, event, { status: 204 }, log)).rejects.toThrow('no database');
  });

  test('that was recorded with what it does is not told twice', async () => {
    const { log, noted, record } = newLog();
    const { route, event } = begin('grant_role', log);
    event.settle();
    await recordAct(route, event, { status: 204 }, log);
    noteEvent(route, event, { status: 204 }, log);
    expect([noted, record.mock.calls]).toEqual([[], []]);
  });
});

describe('what is noted', () => {
  const note = (operation: string, answer: ReturnType<typeof problem> | { status: number }) => {
    const { log, noted } = newLog();
    const { route, event } = begin(operation, log);
    noteEvent(route, event, answer, log);
    return noted;
  };

  test('a success', () => {
    expect(note('change_password', { status: 204 })).toMatchObject([{ type: 'change_password', outcome: 'success' }]);
  });

  test('a failure, by the word of its problem and where the fault is', () => {
    const fault = problem('invalid_request', { errors: [{ pointer: '/current_password', detail: 'is wrong' }] });
    expect(note('change_password', fault)).toMatchObject([
      { outcome: 'failure', error: 'invalid_request', details: { pointer: '/current_password' } },
    ]);
  });

  test('that something more is asked for', () => {
    expect(note('login', problem('mfa_required'))).toMatchObject([{ outcome: 'challenge', error: undefined }]);
  });

  test('a read that was refused, and no other', () => {
    expect(note('list_accounts', problem('forbidden'))).toMatchObject([{ outcome: 'failure', error: 'forbidden' }]);
    expect(note('list_accounts', { status: 200 })).toEqual([]);
    expect(note('get_account', problem('not_found'))).toEqual([]);
  });

  test('nothing of what failed here', () => {
    expect(note('login', problem('overloaded'))).toEqual([]);
  });
});
