import { Gateway, GatewayFiles } from '../../operator/edge/harness/gateway.ts';
import { nginxConf } from '../../operator/src/specs/gateway/nginx.ts';
import { PORTS } from '../../operator/src/specs/names.ts';
import { clusterWith } from '../../operator/src/testing/sample-clusters.ts';
import { ApiProcess } from '../integration/harness/api-process.ts';
import { Client } from '../integration/harness/client.ts';
import { type Stack, serveEnvironment } from '../integration/harness/stack.ts';
import { openSessions, seedAccounts } from './accounts.ts';
import { type Bar, median } from './bars.ts';
import { ClientProcess } from './client-process.ts';
import type { VerifyLoad, VerifyLoadResult } from './clients/verify-load.ts';
import { withoutLines, withoutMetrics } from './observability.ts';
import { cpuSeconds } from './server-process.ts';

/** Short and many: what else the machine does then weighs on both alike. */
const rounds = 25;
const warmUpRounds = 5;
const amount = 6_000;
const sessions = 50;
/** Who asks for others, as a reverse proxy does, has no limit. */
const gatewaySpec = { forwardAuthCallers: ['127.0.0.0/8'] };
const logged = 'access_log /dev/stdout json if=$counted;';

/** A gateway before an auth API of its own. */
interface HotPath {
  readonly gateway: Gateway;
  readonly api: ApiProcess;
}

/** Microseconds of CPU that each request has cost. */
interface Cost {
  readonly nginx: number;
  readonly api: number;
}

/** /verify through the gateway's image with counters and logs in gateway and API, against none of them in either. */
export async function measureGatewayObservability(stack: Stack): Promise<Bar[]> {
  const accounts = await seedAccounts(stack, { count: sessions });
  const environment = { ...serveEnvironment(stack), ACCESS_TOKEN_LIFETIME_SECONDS: '3600' };
  const load = new ClientProcess<VerifyLoad, VerifyLoadResult>('verify-load.ts');
  const apis = {
    none: await ApiProcess.start({ ...environment, ...withoutLines, NODE_OPTIONS: `--import ${withoutMetrics}` }),
    all: await ApiProcess.start(environment),
  };
  try {
    const paths = {
      none: { api: apis.none, gateway: await gatewayTo(apis.none, 'bench-none', unobserved) },
      all: { api: apis.all, gateway: await gatewayTo(apis.all, 'bench-all', (configuration) => configuration) },
    };
    const tokens = (await openSessions(new Client(apis.all.url), accounts)).map((each) => each.access_token);
    const measured = { none: [] as Cost[], all: [] as Cost[] };
    for (let round = -warmUpRounds; round < rounds; round += 1) {
      for (const name of ['none', 'all'] as const) {
        const cost = await costPerVerify(load, paths[name], tokens);
        // The first warm the compilers and the caches up.
        if (round >= 0) measured[name].push(cost);
      }
    }
    return [barOf(measured)];
  } finally {
    // run.ts removes the containers.
    await Promise.all([load.stop(), ...Object.values(apis).map((api) => api.stop())]);
  }
}

async function gatewayTo(
  { url }: ApiProcess,
  name: string,
  changed: (configuration: string) => string,
): Promise<Gateway> {
  const configuration = changed(nginxConf(clusterWith({ gateway: gatewaySpec })));
  const toApi = configuration.replaceAll(`svc:${PORTS.authApi}`, `svc:${new URL(url).port}`);
  return Gateway.start(name, await GatewayFiles.write(gatewaySpec, toApi));
}

/** Counting is what finds out whether to log: without a log, nothing is counted. */
function unobserved(configuration: string): string {
  if (!configuration.includes(logged)) throw new Error(`the gateway's configuration has no "${logged}"`);
  return configuration.replaceAll(logged, 'access_log off;');
}

async function costPerVerify(
  load: ClientProcess<VerifyLoad, VerifyLoadResult>,
  { gateway, api }: HotPath,
  tokens: readonly string[],
): Promise<Cost> {
  const used = async () => ({ nginx: await gateway.cpuSeconds(), api: cpuSeconds(api.pid) });
  const before = await used();
  const answered = await load.run({ url: `http://127.0.0.1:${gateway.ports.plain}`, amount, tokens });
  const after = await used();
  if (answered !== amount) throw new Error(`${amount - answered} of ${amount} requests through the gateway failed`);
  const each = (seconds: number) => (seconds / amount) * 1e6;
  return { nginx: each(after.nginx - before.nginx), api: each(after.api - before.api) };
}

function barOf({ none, all }: Record<'none' | 'all', Cost[]>): Bar {
  const microseconds = (costs: readonly Cost[], of: keyof Cost) => median(costs.map((cost) => cost[of]));
  const withGatewayAlone = none.map(({ api }, round) => ({ api, nginx: all[round]?.nginx ?? Number.NaN }));
  return {
    name: 'gateway-and-api-observability-of-verify-throughput',
    value: shareLost(none, all),
    limit: 0.05,
    direction: 'at-most',
    details: {
      byGatewayAlone: shareLost(none, withGatewayAlone),
      nginxNoneMicroseconds: microseconds(none, 'nginx'),
      nginxAllMicroseconds: microseconds(all, 'nginx'),
      apiNoneMicroseconds: microseconds(none, 'api'),
      apiAllMicroseconds: microseconds(all, 'api'),
    },
  };
}

/** Of throughput, where the CPU of both together is what there is too little of; round by round. */
function shareLost(bare: readonly Cost[], observed: readonly Cost[]): number {
  const whole = (cost: Cost | undefined) => (cost === undefined ? Number.NaN : cost.nginx + cost.api);
  return 1 - median(bare.map((cost, round) => whole(cost) / whole(observed[round])));
}
