import { expect, test } from '@jest/globals';
import { PendingAuditEvent } from './audit.ts';

const origin = { clientAddress: '192.0.2.1', userAgent: 'curl', traceId: undefined };
const begun = (type = 'login') =>
  new PendingAuditEvent({ type, origin, clock: { nowMs: () => 1_000 }, hashName: (name) => `hash of ${name}` });

test('tells what has become known by its end', () => {
  const event = begun();
  event.about({ subjectId: 'ada', details: { status: 'disabled' } });
  event.about({ error: 'account_disabled', details: { role: 'reader' } });
  expect(event.ended('failure')).toMatchObject({
    ...origin,
    type: 'login',
    occurredAt: new Date(1_000),
    outcome: 'failure',
    error: 'account_disabled',
    subjectId: 'ada',
    details: { status: 'disabled', role: 'reader' },
  });
});

test('a success has no error', () => {
  const event = begun();
  event.about({ error: 'wrong_code' });
  expect(event.ended('success', 'not_found').error).toBeUndefined();
});

test('what was typed is told as a hash, and only where no account is known by it', () => {
  const event = begun();
  event.about({ presentedName: 'my-password' });
  expect(event.ended('failure').details).toEqual({ name_hash: 'hash of my-password' });
  event.about({ subjectId: 'ada' });
  expect(event.ended('failure').details).toEqual({});
});

test('what came of it besides is an event of its own, and nobody’s act', () => {
  const event = begun();
  event.about({ actorId: 'ada', subjectId: 'ada', details: { pointer: '/password' } });
  event.also('account_locked');
  const [locked] = event.further();
  expect(locked).toMatchObject({ type: 'account_locked', outcome: 'success', subjectId: 'ada', details: {} });
  expect(locked?.actorId).toBeUndefined();
  expect(locked?.id).not.toBe(event.ended('failure').id);
});
