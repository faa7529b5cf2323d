// The operator's bars: a line `name value bar ok|missed` for each, the same as JSON, and exit code 1 where one is missed.
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Bar, barLine, isMet, median, quantile, rounded } from '../../auth-api/bench/bars.ts';
import { removeContainers } from '../../dev/containers/container.ts';
import { accessTo, type ControlPlane, removeFiles, startControlPlane } from '../integration/harness/control-plane.ts';
import { Workloads } from '../integration/harness/workloads.ts';
import { externalSpec, referencedObjects } from './external-sample.ts';
import { Fleet, NAMESPACE } from './fleet.ts';
import { OperatorChild } from './operator-child.ts';

const { values: options } = parseArgs({
  options: {
    clusters: { type: 'string', default: '200' },
    // Whose database and Redis are somebody else's, or the operator's own: External or Managed.
    tiers: { type: 'string', default: 'External' },
    'steady-seconds': { type: 'string', default: '120' },
    json: { type: 'string', default: '../.make/bench/operator.json' },
  },
});
const size = Number(options.clusters);
const steadySeconds = Number(options['steady-seconds']);
/** Until what came with the last change has been looked at: each is looked at again within this time. */
const SETTLING_MS = 40_000;

function specOf(tiers: string): Promise<object> {
  if (tiers === 'External') return externalSpec();
  if (tiers === 'Managed') return Promise.resolve({});
  throw new RangeError(`--tiers is External or Managed, not ${tiers}`);
}

async function measureAll(plane: ControlPlane): Promise<Bar[]> {
  const stop = new AbortController();
  const admin = accessTo(plane, 'admin');
  const workloads = new Workloads(admin, { everywhere: true });
  const fleet = new Fleet(admin, size);
  await Promise.all([workloads.start(), fleet.watch(stop.signal)]);
  const operator = await OperatorChild.start(plane);
  try {
    const startedMs = performance.now();
    await fleet.create(await specOf(options.tiers), referencedObjects(NAMESPACE, plane.certificate));
    await fleet.untilReady();
    const readySeconds = (performance.now() - startedMs) / 1000;
    const steady = await measureSteady(operator, fleet);
    const changes = await measureChanges(fleet);
    const memory = await operator.peakMemoryMiB();
    return [
      bar('operator_memory_mib', memory, 256, { clusters: size, seconds_until_all_ready: readySeconds }),
      ...steady,
      ...changes,
    ];
  } finally {
    await operator.stop();
    workloads.stop();
    stop.abort();
  }
}

/** While nothing changes but what autoscalers measure: every AuthCluster is looked at again from time to time. */
async function measureSteady(operator: OperatorChild, { measurements }: Fleet): Promise<Bar[]> {
  await sleep(SETTLING_MS);
  const before = await operator.read();
  const writtenBefore = measurements.written;
  await sleep(steadySeconds * 1000);
  const after = await operator.read();
  const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
  const reconciles = after.reconciles - before.reconciles;
  if (reconciles < size) throw new Error(`only ${reconciles} reconciles in ${steadySeconds} s: nothing was measured`);
  const written = measurements.written - writtenBefore;
  if (written < size) throw new Error(`only ${written} measurements were written: nothing was measured`);
  const details = { reconciles, measurements: written, seconds: steadySeconds };
  return [
    bar('steady_cpu_percent_of_a_core', (cpuSeconds / steadySeconds) * 100, 5, details),
    // All that the process did in that time, watches and metrics included.
    bar('noop_reconcile_cpu_ms', (cpuSeconds / reconciles) * 1000, 50, details),
    bar('noop_reconcile_writes', after.writes - before.writes, 0, details),
  ];
}

/** One after another, as people change them. */
async function measureChanges(fleet: Fleet): Promise<Bar[]> {
  const milliseconds: number[] = [];
  for (const name of fleet.names) {
    milliseconds.push(await fleet.change(name, 21));
    await sleep(20);
  }
  const details = { changes: milliseconds.length, median: median(milliseconds), longest: Math.max(...milliseconds) };
  return [bar('change_seen_p99_ms', quantile(milliseconds, 0.99), 1000, details)];
}

function bar(name: string, value: number, limit: number, details: Bar['details']): Bar {
  return { name, value, limit, direction: 'at-most', details };
}

const plane = await startControlPlane('bench');
try {
  const bars = await measureAll(plane);
  for (const each of bars) {
    const details = Object.entries(each.details).map(([detail, value]) => `${detail} ${rounded(value)}`);
    process.stdout.write(`${barLine(each)}\n  ${details.join(', ')}\n`);
  }
  const machine = { cpu: cpus()[0]?.model ?? '', cores: availableParallelism(), loadAverage: loadavg()[0] ?? 0 };
  const results = { node: process.version, machine, bars: bars.map((each) => ({ ...each, isMet: isMet(each) })) };
  await mkdir(dirname(options.json), { recursive: true });
  await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
  process.exitCode = bars.every(isMet) ? 0 : 1;
} finally {
  await removeContainers();
  await removeFiles(plane);
}
