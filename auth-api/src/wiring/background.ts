import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { RelayDuty } from '../background/relay-duty.ts';
import { type Repetition, repeat } from '../background/repeat.ts';
import { sweepSteps } from '../background/sweep-steps.ts';
import { Sweeper } from '../background/sweeper.ts';
import { InvalidationRelay } from '../cache/invalidation-relay.ts';
import type { ServeConfig } from '../config.ts';
import { observeSweeper } from '../observability/sweeper-metrics.ts';
import { Lease } from '../storage/postgres/lease.ts';
import { PostgresInvalidationSource } from '../storage/postgres/outbox.ts';
import type { Caches } from './caches.ts';
import type { Databases } from './databases.ts';
import { startPopulationCounter } from './population.ts';

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

export function startBackground(
  config: ServeConfig,
  {
    databases,
    caches,
    registry,
    log,
  }: { readonly databases: Databases; readonly caches: Caches; readonly registry: Registry; readonly log: Logger },
): Background {
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
    const pauseMs = (ticked?: { readonly isMore: boolean }) => (ticked?.isMore === true ? 0 : relayIntervalMs);
    const ticking = repeat(() => duty.tick(), pauseMs, onError);
    duties.push({ stop: () => ticking.stop().then(() => duty.release()) });
  }
  const sweeper = createSweeper(config, { databases, registry, holder, log });
  const sweeping = startSweeping(sweeper, log);
  duties.push({ stop: () => sweeping.stop().then(() => sweeper.release()) });
  duties.push(startPopulationCounter(config, { databases, isOnDuty: () => sweeper.isOnDuty, log }));
  return {
    stop: async () => {
      const stopped = await Promise.allSettled(duties.map((duty) => duty.stop()));
      for (const each of stopped)
        if (each.status === 'rejected') log.debug({ error: each.reason }, 'a duty ended badly');
    },
  };
}

function createSweeper(
  config: ServeConfig,
  {
    databases: { primary },
    registry,
    holder,
    log,
  }: { readonly databases: Databases; readonly registry: Registry; readonly holder: string; readonly log: Logger },
): Sweeper {
  return new Sweeper({
    primary,
    lease: new Lease(primary, { name: 'sweeper', holder, durationSeconds: sweeperLeaseSeconds }),
    steps: sweepSteps({
      refreshLifetimeSeconds: config.tokens.refreshLifetimeSeconds,
      auditRetentionDays: config.auditRetentionDays,
    }),
    onLost: (step, error) => log.warn({ step, error }, 'a step of the sweeper fails, and is tried again'),
    onFound: (step) => log.info({ step }, 'the step of the sweeper works again'),
    onSuccess: observeSweeper(registry, () => Date.now()),
  });
}

function startSweeping(sweeper: Sweeper, log: Logger): Repetition {
  const sweep = async () => {
    const { swept, isMore } = await sweeper.sweep();
    if (Object.values(swept).some((count) => count > 0)) log.info(swept, 'swept');
    return isMore ? fullSweepIntervalMs : sweepIntervalMs;
  };
  return repeat(
    sweep,
    (pauseMs = sweepIntervalMs) => pauseMs,
    (error) => log.warn({ error }, 'the sweeper failed'),
  );
}
