import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { RelayDuty } from '../background/relay-duty.ts';
import { repeat } from '../background/repeat.ts';
import { isMoreToSweep, Sweeper, type Swept } from '../background/sweeper.ts';
import { InvalidationRelay } from '../cache/invalidation-relay.ts';
import type { ServeConfig } from '../config.ts';
import { Lease } from '../storage/postgres/lease.ts';
import { PostgresInvalidationSource } from '../storage/postgres/outbox.ts';
import type { Caches } from './caches.ts';
import type { Databases } from './databases.ts';

const relayIntervalMs = 500;
/** Less than pods wait for a heartbeat: another takes over before they stop trusting their caches. */
const relayLeaseSeconds = 2;
const sweepIntervalMs = 10_000;
/** Between full batches: up to some 2,000 sessions a second can expire for long, and statements of users go in between. */
const fullSweepIntervalMs = 200;
const sweeperLeaseSeconds = 60;

/** What this pod does beside answering, where it is its turn. */
export interface Background {
  stop(): Promise<void>;
}

export function startBackground(config: ServeConfig, databases: Databases, caches: Caches, log: Logger): Background {
  const holder = randomUUID();
  const { delivery } = caches;
  const duties: { stop(): Promise<void> }[] = [];
  if (delivery !== undefined) {
    const source = new PostgresInvalidationSource(databases.relay);
    const duty = new RelayDuty({
      lease: new Lease(databases.relay, { name: 'invalidation_relay', holder, durationSeconds: relayLeaseSeconds }),
      createRelay: () => {
        const vouched = caches.vouched();
        return new InvalidationRelay({ source, delivery, vouched, sender: holder, nowMs: () => performance.now() });
      },
      isForsaken: caches.isForsaken,
      nowMs: () => performance.now(),
      onChange: (isOnDuty) => log.info({ on_duty: isOnDuty }, 'relay of invalidations'),
      onSourceError: (error) => log.debug({ error }, 'the outbox cannot be read'),
    });
    const onError = (error: unknown) => log.debug({ error }, 'invalidations could not be delivered');
    const ticking = repeat(() => duty.tick(), relayIntervalMs, onError);
    duties.push({ stop: () => ticking.stop().then(() => duty.release()) });
  }
  const sweeper = new Sweeper({
    primary: databases.primary,
    lease: new Lease(databases.primary, { name: 'sweeper', holder, durationSeconds: sweeperLeaseSeconds }),
    refreshLifetimeSeconds: config.tokens.refreshLifetimeSeconds,
    auditRetentionDays: config.auditRetentionDays,
  });
  const sweep = async () => {
    const deleted = await sweeper.sweep();
    if (Object.values(deleted).some((count) => count > 0)) log.info(deleted, 'swept');
    return deleted;
  };
  const pause = (deleted: Swept | undefined) =>
    deleted !== undefined && isMoreToSweep(deleted) ? fullSweepIntervalMs : sweepIntervalMs;
  duties.push(repeat(sweep, pause, (error) => log.debug({ error }, 'the sweeper failed')));
  return {
    stop: async () => {
      const stopped = await Promise.allSettled(duties.map((duty) => duty.stop()));
      for (const each of stopped)
        if (each.status === 'rejected') log.debug({ error: each.reason }, 'a duty ended badly');
    },
  };
}
