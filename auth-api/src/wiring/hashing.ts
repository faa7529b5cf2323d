import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import type { ServeConfig } from '../config.ts';
import type { PasswordPolicy } from '../domain/ports/passwords.ts';
import type { Metrics } from '../observability/metrics.ts';
import { recordedTraceId } from '../observability/trace-context.ts';
import { HashingPool } from '../security/hashing/hashing-pool.ts';
import { loadCommonPasswords, PasswordRules } from '../security/hashing/password-rules.ts';
import { hashPolicy, maxPasswordBytes } from '../security/hashing/policy.ts';
import { defaultQueueLength } from '../security/hashing/queue-length.ts';
import { chooseWorkerCount } from '../security/hashing/worker-count.ts';
import { passwordPolicy } from '../security/password-policy.ts';

export function startHashing({ hashing }: ServeConfig, log: Logger, metrics: Metrics): HashingPool {
  const { algorithm, cost, cpuLimitMillicores } = hashing;
  const { workers, limitedBy } = chooseWorkerCount(hashing.workers, cpuLimitMillicores, availableParallelism());
  const queueLength = hashing.queueLength ?? defaultQueueLength(workers, cost);
  const choice = { workers, asked_for: hashing.workers, limited_by: limitedBy };
  log.info({ ...choice, queue_length: queueLength, algorithm, cost }, 'hashing threads');
  const pool = new HashingPool({
    policy: hashPolicy(algorithm, cost),
    workers,
    queueLength,
    nowMs: () => performance.now(),
    onJobDone: (times) => metrics.hashed(times),
    currentTraceId: recordedTraceId,
    onThreadDeath: (error) => log.error({ error }, 'a hashing thread died'),
  });
  metrics.observeHashing(() => pool.snapshot());
  return pool;
}

export function createPasswordPolicy({ hashing, serviceName }: ServeConfig): PasswordPolicy {
  const rules = new PasswordRules({
    maxBytes: maxPasswordBytes(hashPolicy(hashing.algorithm, hashing.cost)),
    commonPasswords: loadCommonPasswords(),
    serviceWords: ['authcluster', serviceName],
  });
  return passwordPolicy(rules);
}
