import { expect, jest, test } from '@jest/globals';
import type { AuditEvent } from '../domain/audit.ts';
import { AuditBuffer, type AuditBufferOptions } from './audit-buffer.ts';

const event = (more: Partial<AuditEvent> = {}): AuditEvent => ({
  id: 'id',
  occurredAt: new Date(0),
  type: 'login',
  outcome: 'failure',
  error: 'invalid_password',
  actorId: undefined,
  actorClient: undefined,
  subjectId: 'ada',
  sessionId: undefined,
  clientAddress: '192.0.2.1',
  userAgent: undefined,
  traceId: undefined,
  details: {},
  ...more,
});

class Refusal extends Error {}

function newBuffer(more: Partial<AuditBufferOptions> = {}) {
  const write = jest.fn<AuditBufferOptions['write']>(async () => {});
  const ends: Record<string, number> = {};
  const clock = { nowMs: 0 };
  const buffer = new AuditBuffer({
    write,
    isRefusal: (error) => error instanceof Refusal,
    maxEvents: 5,
    batchSize: 2,
    nowMs: () => clock.nowMs,
    onEnd: (end, events) => {
      ends[end] = (ends[end] ?? 0) + events;
    },
    ...more,
  });
  return { buffer, write, ends, clock };
}

test('writes what is waiting in batches, the oldest first', async () => {
  const { buffer, write, ends } = newBuffer();
  for (const id of ['a', 'b', 'c']) buffer.note(event({ id }));
  expect(write).not.toHaveBeenCalled();
  await buffer.flush();
  expect(write.mock.calls.map(([events]) => events.map(({ id }) => id))).toEqual([['a', 'b'], ['c']]);
  expect([buffer.size, ends]).toEqual([0, { written: 3 }]);
});

test('keeps what could not be written', async () => {
  const { buffer, write } = newBuffer();
  buffer.note(event());
  write.mockRejectedValueOnce(new Error('no database'));
  await expect(buffer.flush()).rejects.toThrow('no database');
  expect(buffer.size).toBe(1);
  await buffer.flush();
  expect(buffer.size).toBe(0);
});

test('what is noted while a batch is written waits for the next', async () => {
  const { buffer, write } = newBuffer();
  buffer.note(event({ id: 'a' }));
  write.mockImplementationOnce(async () => buffer.note(event({ id: 'b' })));
  await buffer.flush();
  expect(write.mock.calls.map(([events]) => events.map(({ id }) => id))).toEqual([['a'], ['b']]);
});

test('an event that the database refuses is dropped, and those beside it are written', async () => {
  const written: string[] = [];
  const { buffer, ends } = newBuffer({
    batchSize: 5,
    write: async (events) => {
      if (events.some(({ id }) => id === 'bad')) throw new Refusal();
      written.push(...events.map(({ id }) => id));
    },
  });
  for (const id of ['a', 'bad', 'c']) buffer.note(event({ id }));
  await buffer.flush();
  expect([written, ends]).toEqual([['a', 'c'], { written: 2, dropped: 1 }]);
});

test('a full buffer drops what comes, and counts it', () => {
  const { buffer, ends } = newBuffer();
  for (let noted = 0; noted < 8; noted += 1) buffer.note(event());
  expect([buffer.size, ends]).toEqual([5, { dropped: 3 }]);
});

test('the end writes what it can, and counts the rest', async () => {
  const { buffer, write, ends } = newBuffer();
  for (let noted = 0; noted < 3; noted += 1) buffer.note(event());
  write.mockImplementationOnce(async () => {}).mockRejectedValueOnce(new Error('gone'));
  await expect(buffer.close()).rejects.toThrow('gone');
  expect(ends).toEqual({ written: 2, dropped: 1 });
});

test.each([
  ['beyond a limit', { error: 'too_many_requests' }],
  ['without the permission', { error: 'forbidden', actorId: 'ada' }],
  ['about nobody', { error: 'invalid_mfa_token', subjectId: undefined }],
])('of refusals %s one a minute is told', (_, more) => {
  const { buffer, clock, ends } = newBuffer();
  buffer.note(event(more));
  clock.nowMs = 59_999;
  buffer.note(event(more));
  buffer.note(event({ ...more, actorId: 'bea', clientAddress: '192.0.2.2' }));
  expect([buffer.size, ends]).toEqual([2, { repeated: 1 }]);
  clock.nowMs = 60_000;
  buffer.note(event(more));
  expect(buffer.size).toBe(3);
});

test('refusals of OAuth clients are told client by client', () => {
  const { buffer, ends } = newBuffer();
  const refused = { type: 'token', error: 'invalid_client', subjectId: undefined } as const;
  for (const client_id of ['a', 'b', 'a']) buffer.note(event({ ...refused, details: { client_id } }));
  for (const actorClient of ['a', 'b', 'a']) buffer.note(event({ ...refused, error: 'invalid_scope', actorClient }));
  expect([buffer.size, ends]).toEqual([4, { repeated: 2 }]);
});

test.each([
  ['a wrong password', {}],
  ['an unknown name', { error: 'user_not_found', subjectId: undefined }],
  ['a success', { error: undefined, outcome: 'success' as const, subjectId: undefined }],
])('%s is told each time', (_, more) => {
  const { buffer } = newBuffer();
  buffer.note(event(more));
  buffer.note(event(more));
  expect(buffer.size).toBe(2);
});
