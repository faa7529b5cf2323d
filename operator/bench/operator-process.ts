// The operator as main.ts runs it, but for its conversations: there are no servers to have them with. Says the port of its
// metrics and ends when it is told to. Its first argument is a ControlPlane as JSON.
import { randomBytes } from 'node:crypto';
import { AGREEABLE_TIERS } from '../integration/harness/agreeable-tiers.ts';
import { accessTo, type ControlPlane } from '../integration/harness/control-plane.ts';
import { systemClock } from '../src/controller/clock.ts';
import { watchedKinds } from '../src/controller/watched-kinds.ts';
import { ExternalTier } from '../src/external/tier.ts';
import { directDialer } from '../src/kubernetes/dialer.ts';
import { qualifiedName, resourceOf } from '../src/kubernetes/resources.ts';
import { createLog } from '../src/observability/log.ts';
import { createMetrics } from '../src/observability/metrics.ts';
import { serveMetrics } from '../src/observability/server.ts';
import { Operator, WORKERS } from '../src/operator.ts';
import { PostgresTier } from '../src/postgres/tier.ts';
import { RedisTier } from '../src/redis/tier.ts';

const [, , plane = '', port = ''] = process.argv;
const image = 'registry.example/image:1';
const resources = watchedKinds([]).map(({ kind }) => qualifiedName(resourceOf(kind)));
const metrics = createMetrics({ resources, concurrency: WORKERS });
const { now } = systemClock;
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const operator = new Operator({
  config: {
    watchNamespaces: [],
    images: {
      authApi: image,
      postgres: { '17': image },
      pgbouncer: image,
      redis: image,
      gateway: image,
      exporters: image,
    },
    imagePullSecrets: [],
    pod: { name: 'bench', namespace: 'default' },
  },
  transport: accessTo(JSON.parse(plane) as ControlPlane, 'operator'),
  tiers: (client) => {
    // Made, since their code is in the memory of a real one, and never asked.
    const postgres = new PostgresTier({ client, dialer: directDialer, now });
    const redis = new RedisTier({ dialer: directDialer, now });
    const forget = (key: string) => {
      postgres.forget(key);
      redis.forget(key);
    };
    const { postgres: database, redis: cache } = AGREEABLE_TIERS;
    // It reads what the spec refers to, and finds servers that are well.
    const checks = { postgres: async () => ({ replicaProblems: [] }), redis: async () => ({ readyEndpoints: 1 }) };
    const external = new ExternalTier({ client, now, checks });
    return { ...AGREEABLE_TIERS, external, postgres: { ...database, forget }, redis: { ...cache, forget } };
  },
  clock: systemClock,
  random: Math.random,
  randomBytes: (count) => randomBytes(count),
  log: createLog('warn'),
  metrics,
});
const server = await serveMetrics(Number(port), metrics.registry);
const watching = operator.watch(stop.signal);
await operator.cache.untilSynced(stop.signal);
stop.signal.addEventListener('abort', () => operator.queue.close());
await Promise.all([watching, operator.work()]);
await server.close();
