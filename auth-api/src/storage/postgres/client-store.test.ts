import { expect, jest, test } from '@jest/globals';
import { PendingAuditEvent } from '../../domain/audit.ts';
import { portOf } from '../../testing/fakes.ts';
import { PostgresClientStore } from './client-store.ts';
import type { Database, Query } from './database.ts';

const origin = { clientAddress: undefined, userAgent: undefined, traceId: undefined };
const act = new PendingAuditEvent({ type: 'of a test', origin, clock: { nowMs: () => 0 }, hashName: String });
const replacement = { secretHash: Buffer.from('hash'), keepPreviousSeconds: 0, grantId: 'another' };

/** A registry with one client, in version 2, and the names of the statements that it was sent. */
function startStore() {
  const sent: string[] = [];
  const query = (async ({ name }, [id]) => {
    sent.push(name);
    return name === 'lock_client' && id === 'shop' ? [{ version: '2', grant_id: 'grant' }] : [];
  }) as Query;
  const announce = jest.fn(async () => {});
  const primary = portOf<Database>({ transaction: (body) => body(query) });
  return { store: new PostgresClientStore(primary, { announce, onNoteError: () => {} }), sent, announce };
}

test.each([
  ['a client that is not there', 'other', 'any', 'notFound'],
  ['a version that it has no more', 'shop', [1], 'versionConflict'],
  ['tags that name no version', 'shop', [], 'versionConflict'],
] as const)('of %s nothing is deleted, and no secret is replaced', async (_, id, version, outcome) => {
  const { store, sent, announce } = startStore();
  expect(await store.delete(id, version, act)).toBe(outcome);
  expect(await store.replaceSecret(id, version, replacement, act)).toBe(outcome);
  expect(sent).toEqual(['lock_client', 'lock_client']);
  expect(announce).not.toHaveBeenCalled();
});

test('a client in the version that is known is deleted, or gets another secret, and its tokens end', async () => {
  const { store, sent, announce } = startStore();
  expect(await store.delete('shop', [1, 2], act)).toBe('done');
  expect(await store.replaceSecret('shop', 'any', replacement, act)).toBe('done');
  const told = ['insert_event', 'insert_audit_events'];
  expect(sent).toEqual(['lock_client', 'delete_client', ...told, 'lock_client', 'replace_client_secret', ...told]);
  expect(announce).toHaveBeenCalledTimes(2);
});

test('a secret of before that is kept leaves its tokens alone', async () => {
  const { store, announce } = startStore();
  const kept = { ...replacement, keepPreviousSeconds: 60, grantId: undefined };
  expect(await store.replaceSecret('shop', 'any', kept, act)).toBe('done');
  expect(announce).not.toHaveBeenCalled();
});
