// The performance bars: a line `name value bar ok|missed` for each, the same as JSON, and exit code 1 where one is missed.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { dirname } from 'node:path';
import { removeContainers } from '../../dev/containers/container.ts';
import { ApiProcess, runCommand } from '../integration/harness/api-process.ts';
import { migrateEnvironment, type Stack, serveEnvironment, startStack } from '../integration/harness/stack.ts';
import { measureAudit } from './audit.ts';
import { type Bar, barLine, isMet, rounded } from './bars.ts';
import { measureCacheHits } from './cache-hits.ts';
import { measureClientEqualTime } from './client-equal-time.ts';
import { measureEqualTime } from './equal-time.ts';
import { measureGatewayObservability } from './gateway-observability.ts';
import { measureImport } from './import.ts';
import { measureLoginSaturation } from './login-saturation.ts';
import { measureIdleLogin, measureLogins } from './logins.ts';
import { measureMemory } from './memory.ts';
import { measureObservability } from './observability.ts';
import { type BenchOptions, BenchUsageError, parseBenchOptions } from './options.ts';
import { measureRefresh } from './refresh.ts';
import { measureSearch } from './search.ts';
import { measureSoak } from './soak.ts';
import { measureVerifyCpu } from './verify-cpu.ts';

type Measurement = (stack: Stack, options: BenchOptions) => Promise<Bar[]>;

/** With a server that has just started, as a pod has it. */
function withApi(measure: (stack: Stack, api: ApiProcess, options: BenchOptions) => Promise<Bar[]>): Measurement {
  return async (stack, options) => {
    // A busy machine takes longer over a measurement than a token lives.
    const api = await ApiProcess.start({ ...serveEnvironment(stack), ACCESS_TOKEN_LIFETIME_SECONDS: '3600' });
    try {
      return await measure(stack, api, options);
    } finally {
      await api.stop();
    }
  };
}

const measurements: Readonly<Record<string, Measurement>> = {
  'verify-cpu': withApi(measureVerifyCpu),
  observability: measureObservability,
  'gateway-observability': measureGatewayObservability,
  logins: measureLogins,
  'login-rush': measureLoginSaturation,
  'idle-login': measureIdleLogin,
  refresh: withApi(measureRefresh),
  audit: measureAudit,
  'cache-hits': withApi(measureCacheHits),
  import: withApi(measureImport),
  search: withApi(measureSearch),
  memory: measureMemory,
  'equal-time': (stack, { attempts, cost }) => measureEqualTime(stack, attempts, cost),
  'client-equal-time': (stack, { attempts }) => measureClientEqualTime(stack, attempts),
  soak: withApi((stack, api, { soakMinutes }) => measureSoak(stack, api, soakMinutes)),
};

interface Result extends Bar {
  readonly isMet: boolean;
  /** Of the machine, in the minute before it was measured: much more than none, and milliseconds say little. */
  readonly loadAverageBefore: number;
}

async function measureAll(stack: Stack, options: BenchOptions): Promise<Result[]> {
  const { exitCode, log } = await runCommand('migrate', migrateEnvironment(stack));
  if (exitCode !== 0) throw new Error(`the migrations failed:\n${log.join('\n')}`);
  const results: Result[] = [];
  for (const [name, measure] of Object.entries(measurements)) {
    if (!options.names.includes(name)) continue;
    const [loadAverageBefore = 0] = loadavg();
    for (const bar of await measure(stack, options)) {
      results.push({ ...bar, isMet: isMet(bar), loadAverageBefore });
      process.stdout.write(`${barLine(bar)}\n`);
      const details = Object.entries({ ...bar.details, loadAverageBefore });
      process.stdout.write(`  ${details.map(([detail, value]) => `${detail} ${rounded(value)}`).join(', ')}\n`);
    }
  }
  return results;
}

async function run(options: BenchOptions): Promise<void> {
  const stack = await startStack();
  try {
    const bars = await measureAll(stack, options);
    const machine = { cpu: cpus()[0]?.model ?? '', cores: availableParallelism() };
    const report = { node: process.version, at: new Date().toISOString(), machine, bars };
    await mkdir(dirname(options.jsonPath), { recursive: true });
    await writeFile(options.jsonPath, `${JSON.stringify(report, null, 2)}\n`);
    process.exitCode = bars.every(isMet) ? 0 : 1;
  } finally {
    await removeContainers();
    await rm(stack.directory, { recursive: true, force: true });
  }
}

try {
  await run(parseBenchOptions(process.argv.slice(2), Object.keys(measurements)));
} catch (error) {
  if (!(error instanceof BenchUsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
