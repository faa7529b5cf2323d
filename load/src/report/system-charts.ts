import type { RunResult } from '../run/run-result.ts';
import type { ApiSample, Sample, TierSample } from '../run/samples.ts';
import { durationOf, type Points, STYLES } from './chart-series.ts';
import { type Line, lineChart } from './line-chart.ts';

const AUTH_API = 'auth-api';

export function tierCharts(run: RunResult): string {
  const common = { durationSeconds: durationOf(run) };
  const ofLimit = tierLines(run, utilisation).map((line) =>
    line.label === AUTH_API ? { ...line, points: apiUtilisation(run.samples) } : line,
  );
  const machine: Line = {
    label: 'machine',
    style: 'c7',
    points: run.samples.map(({ atSeconds, machineUtilisation }) => [atSeconds, percent(machineUtilisation)]),
  };
  const [cores, memory] = [tierLines(run, ({ cpuCores }) => cpuCores), tierLines(run, ({ memoryMib }) => memoryMib)];
  return (
    lineChart({
      ...common,
      title: 'CPU by tier, of its limit, and of the machine',
      unit: ' %',
      atLeast: 100,
      height: 200,
      limit: { value: 80, label: 'auth API and machine at most 80 %' },
      absence: 'not measured in this run, or without a CPU limit',
      lines: [...ofLimit, machine],
    }) +
    lineChart({ ...common, title: 'CPU by tier', unit: ' cores', height: 200, lines: cores }) +
    lineChart({ ...common, title: 'Memory by tier', unit: ' MiB', height: 180, lines: memory })
  );
}

/** A line for each component, in the same colour in every chart. */
function tierLines({ samples }: RunResult, read: (sample: TierSample) => number | undefined): Line[] {
  const components = [...new Set(samples.flatMap(({ tiers = {} }) => Object.keys(tiers)))].sort();
  return components.map((label, index) => ({
    label,
    style: STYLES[index] ?? 'c6',
    points: samples.map(({ atSeconds, tiers }) => [
      atSeconds,
      tiers?.[label] === undefined ? undefined : read(tiers[label]),
    ]),
  }));
}

export function dependencyCharts(run: RunResult): string {
  const api = (read: (sample: ApiSample) => number | undefined): Points =>
    run.samples.map((sample) => [sample.atSeconds, sample.api === undefined ? undefined : read(sample.api)]);
  const duration = durationOf(run);
  return (
    lineChart({
      title: 'Password hashes',
      unit: '',
      height: 160,
      durationSeconds: duration,
      lines: [
        { label: 'running', style: 'c1', points: api(({ hashesRunning }) => hashesRunning) },
        { label: 'waiting', style: 'c2', points: api(({ hashesWaiting }) => hashesWaiting) },
      ],
    }) +
    lineChart({
      title: 'Database connections in use',
      unit: '',
      height: 160,
      atLeast: 5,
      durationSeconds: duration,
      lines: [
        { label: 'write pools', style: 'c1', points: api(({ activeWriteConnections }) => activeWriteConnections) },
        { label: 'read pools', style: 'c3', points: api(({ activeReadConnections }) => activeReadConnections) },
      ],
    }) +
    lineChart({
      title: 'Cache hits',
      unit: ' %',
      height: 150,
      atLeast: 100,
      durationSeconds: duration,
      lines: [{ label: 'hits', style: 'c3', points: cacheHitShares(run.samples) }],
    })
  );
}

/** As the cluster's metrics say; the tier has none where a container of it may take what it likes. */
function utilisation({ cpuCores, limitCores }: TierSample): number | undefined {
  return limitCores === undefined || limitCores === 0 ? undefined : percent(cpuCores / limitCores);
}

/** CPU between two looks, by the API's own counters, of the limit of its pods. */
function apiUtilisation(samples: readonly Sample[]): Points {
  return samples.map((sample, index) => {
    const before = samples[index - 1];
    const limit = sample.tiers?.[AUTH_API]?.limitCores;
    if (before?.api === undefined || sample.api === undefined || limit === undefined || limit === 0) {
      return [sample.atSeconds, undefined];
    }
    const seconds = sample.api.cpuSeconds - before.api.cpuSeconds;
    const cores = seconds / (sample.atSeconds - before.atSeconds);
    return [sample.atSeconds, seconds < 0 || sample.api.pods !== before.api.pods ? undefined : percent(cores / limit)];
  });
}

function cacheHitShares(samples: readonly Sample[]): Points {
  return samples.map((sample, index) => {
    const before = samples[index - 1]?.api;
    const hits = grown(before?.cacheHits, sample.api?.cacheHits);
    const misses = grown(before?.cacheMisses, sample.api?.cacheMisses);
    if (hits === undefined || misses === undefined || hits + misses === 0) return [sample.atSeconds, undefined];
    return [sample.atSeconds, (100 * hits) / (hits + misses)];
  });
}

function grown(before: number | undefined, after: number | undefined): number | undefined {
  return before === undefined || after === undefined || after < before ? undefined : after - before;
}

function percent(share: number | undefined): number | undefined {
  return share === undefined ? undefined : share * 100;
}
