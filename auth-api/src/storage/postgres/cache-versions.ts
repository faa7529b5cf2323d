import type { CacheType, CacheVersions } from '../../cache/cache-types.ts';
import type { Announce } from '../../cache/invalidation-announcer.ts';
import { type InvalidationEvent, typeCleared } from '../../cache/invalidation-events.ts';
import type { PendingAuditEvent } from '../../domain/audit.ts';
import { recordAct } from './audit-events.ts';
import type { Database, Query, Statement } from './database.ts';

const updateVersions: Statement = {
  name: 'raise_cache_versions',
  text: 'UPDATE auth.cache_versions SET version = version + 1 WHERE type = ANY($1) RETURNING type, version',
};

const insertEvent: Statement = {
  name: 'insert_event',
  text: 'INSERT INTO auth.outbox (kind, targets) VALUES ($1, $2)',
};

/** Part of a transaction: from its commit on whole types are loaded anew. */
export async function raiseVersions<Type extends CacheType>(
  query: Query,
  types: readonly Type[],
): Promise<Pick<CacheVersions, Type>> {
  const raised = await query<{ type: Type; version: string }>(updateVersions, [types]);
  return Object.fromEntries(raised.map(({ type, version }) => [type, Number(version)])) as Pick<CacheVersions, Type>;
}

/** Part of a transaction, which has one place in the outbox. */
export async function recordEvent(query: Query, { kind, targets }: InvalidationEvent): Promise<void> {
  await query(insertEvent, [kind, JSON.stringify(targets)]);
}

/** Makes every pod load all of a type anew. */
export async function clearType(
  primary: Database,
  announce: Announce,
  type: CacheType,
  act?: PendingAuditEvent,
): Promise<void> {
  const event = await primary.transaction(async (query) => {
    const raised = await raiseVersions(query, [type]);
    const cleared = typeCleared(type, raised[type]);
    await recordEvent(query, cleared);
    await recordAct(query, act);
    return cleared;
  });
  await announce(event);
}
