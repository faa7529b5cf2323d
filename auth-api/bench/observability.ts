import { fileURLToPath } from 'node:url';
import { OtlpReceiver } from '../../dev/otlp-receiver.ts';
import { ApiProcess } from '../integration/harness/api-process.ts';
import { Client } from '../integration/harness/client.ts';
import { type Stack, serveEnvironment } from '../integration/harness/stack.ts';
import { openSessions, seedAccounts } from './accounts.ts';
import { type Bar, median } from './bars.ts';
import { ClientProcess } from './client-process.ts';
import type { VerifyLoad, VerifyLoadResult } from './clients/verify-load.ts';
import { cpuPerVerify } from './verify-cpu.ts';

/** Short and many: what else the machine does then weighs on all alike. */
const rounds = 25;
const warmUpRounds = 5;
const amount = 6_000;
const sessions = 50;
export const withoutMetrics = fileURLToPath(new URL('./servers/without-metrics.ts', import.meta.url));

/** As the gateway has it of checks: a hundredth of the default of api.tracing. */
const recordedShare = 0.001;
/** The API's own lines, of which that of a start is one. */
export const withoutLines = { LOG_SAMPLE_RATE: '0', VERIFY_LOG_SAMPLE_RATE: '0' };

/** As the operator sets them. */
const tracing = (endpoint: string) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
  OTEL_TRACES_SAMPLER_ARG: '0.1',
});

/** /verify of cached sessions with metrics and logs, and with traces too, against none of them. */
export async function measureObservability(stack: Stack): Promise<Bar[]> {
  const accounts = await seedAccounts(stack, { count: sessions });
  const environment = { ...serveEnvironment(stack), ACCESS_TOKEN_LIFETIME_SECONDS: '3600' };
  const receiver = await OtlpReceiver.start();
  const load = new ClientProcess<VerifyLoad, VerifyLoadResult>('verify-load.ts');
  const servers = {
    none: await ApiProcess.start({ ...environment, ...withoutLines, NODE_OPTIONS: `--import ${withoutMetrics}` }),
    metrics: await ApiProcess.start(environment),
    traces: await ApiProcess.start({ ...environment, ...tracing(receiver.url) }),
  };
  try {
    const tokens = (await openSessions(new Client(servers.metrics.url), accounts)).map((each) => each.access_token);
    const measured = { none: [] as number[], metrics: [] as number[], traces: [] as number[] };
    for (let round = -warmUpRounds; round < rounds; round += 1) {
      for (const [name, server] of Object.entries(servers) as [keyof typeof servers, ApiProcess][]) {
        const cpu = await cpuPerVerify(load, server, { amount, tokens, recordedShare });
        // The first warm the compilers and the caches up.
        if (round >= 0) measured[name].push(cpu);
      }
    }
    return barsOf(measured);
  } finally {
    await Promise.all([load.stop(), receiver.stop(), ...Object.values(servers).map((server) => server.stop())]);
  }
}

/** The share of throughput that is lost, where CPU is what there is too little of. */
function barsOf({ none, metrics, traces }: Record<'none' | 'metrics' | 'traces', number[]>): Bar[] {
  const lost = (values: number[]) => 1 - median(none.map((value, round) => value / (values[round] ?? Number.NaN)));
  const details = {
    noneMicroseconds: median(none),
    metricsMicroseconds: median(metrics),
    tracesMicroseconds: median(traces),
  };
  const bar = { limit: 0.05, direction: 'at-most', details } as const;
  return [
    { name: 'metrics-and-logs-of-verify-throughput', value: lost(metrics), ...bar },
    { name: 'metrics-logs-and-traces-of-verify-throughput', value: lost(traces), ...bar },
  ];
}
