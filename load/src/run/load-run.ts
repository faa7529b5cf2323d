import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ScaledShape, type ScenarioName, scaledShape } from '../../scenarios/scenario-shapes.ts';
import type { K6Summary } from '../../scenarios/summary.ts';
import { readCalibration } from '../plan/calibration-file.ts';
import { runReport } from '../report/run-report.ts';
import { administratorOf } from './administrator.ts';
import { evaluated } from './evaluation.ts';
import { judgedPart } from './judged-part.ts';
import { runK6 } from './k6.ts';
import { startKubernetesObserver } from './kubernetes-observer.ts';
import { metricsObserver } from './metrics-observer.ts';
import { machineObserver, type Observer, observe } from './observation.ts';
import { RequestSeries } from './request-series.ts';
import { isLoopback, type RunOptions } from './run-options.ts';
import type { RunResult } from './run-result.ts';
import { deleteUsers, seedUsers } from './seed-users.ts';

export type Say = (line: string) => void;

/** Intervals and looks per run: enough for a plot, few enough for a page. */
const INTERVALS = 90;
/** At least, where only a short window is judged. */
const LOOKS_A_WINDOW = 6;

/** Seeds, loads, watches and judges; writes result.json and report.html into the folder. */
export async function loadRun(options: RunOptions, directory: string, say: Say): Promise<RunResult> {
  const shape = scaledShape(options.scenario, options);
  const calibration = await readCalibration(options.calibrationFile);
  await mkdir(directory, { recursive: true });
  if (options.seeding !== 'no') await seed(options, say);
  const { observers, close } = await observersFor(options, say);
  try {
    const summaryFile = join(directory, 'k6-summary.json');
    const startedAtMs = Date.now();
    const everySeconds = secondsBetweenLooks(options.scenario, shape);
    const series = new RequestSeries(startedAtMs, everySeconds);
    const observation = observe(observers, { startedAtMs, everySeconds, onFailure: reportOnce(say) });
    say(
      `${options.scenario}: ${shape.users} users for ${(shape.durationSeconds / 60).toFixed(1)} min at ${options.baseUrl}`,
    );
    const environment = k6Environment(options, summaryFile);
    const listeners = { onPoint: (line: string) => series.add(line), onOutput: say };
    const { thresholdsMet } = await runK6(options.scenario, environment, listeners).finally(() => observation.stop());
    const summary = JSON.parse(await readFile(summaryFile, 'utf8')) as K6Summary;
    const result = evaluated({
      ...{ options, shape, calibration, startedAtMs, summary, thresholdsMet },
      intervals: series.intervals(),
      samples: observation.samples,
    });
    await writeFile(join(directory, 'result.json'), `${JSON.stringify(result)}\n`);
    await writeFile(join(directory, 'report.html'), runReport(result));
    return result;
  } finally {
    close();
  }
}

function secondsBetweenLooks(scenario: ScenarioName, shape: ScaledShape): number {
  const { spans } = judgedPart(scenario, shape);
  const shortest = Math.min(...spans.map(({ fromSeconds, toSeconds }) => toSeconds - fromSeconds));
  return Math.max(1, Math.min(15, shape.durationSeconds / INTERVALS, shortest / LOOKS_A_WINDOW));
}

/** Makes sure that the users of the scenario exist. */
export async function seed(options: RunOptions, say: Say): Promise<void> {
  const { baseUrl, cluster, hashing, passwordSeed } = options;
  const { created, alreadyThere } = await seedUsers({
    baseUrl,
    administrator: await administratorOf(cluster, process.env),
    passwordSeed,
    count: scaledShape(options.scenario, options).users,
    hashing,
  });
  say(`users: ${created} made, ${alreadyThere} there already`);
}

/** Deletes all users of the seed, of whichever scenario. */
export async function removeUsers({ baseUrl, cluster, passwordSeed }: RunOptions, say: Say): Promise<void> {
  const administrator = await administratorOf(cluster, process.env);
  say(`users: ${await deleteUsers({ baseUrl, administrator, passwordSeed })} deleted`);
}

async function observersFor(options: RunOptions, say: Say): Promise<{ observers: Observer[]; close: () => void }> {
  const observers: Observer[] = [];
  if (isLoopback(new URL(options.baseUrl))) observers.push(machineObserver());
  if (options.metricsUrls.length > 0) observers.push(metricsObserver(options.metricsUrls));
  if (options.cluster === undefined) return { observers, close: () => {} };
  const kubernetes = await startKubernetesObserver(options.cluster, reportOnce(say));
  return { observers: [...observers, kubernetes.observe], close: kubernetes.close };
}

function k6Environment(options: RunOptions, summaryFile: string): Record<string, string> {
  return {
    BASE_URL: options.baseUrl,
    SCALE: String(options.scale),
    TIME_SCALE: String(options.timeScale),
    RAMP_DOWN: String(options.rampDown),
    PASSWORD_SEED: options.passwordSeed,
    SUMMARY_FILE: summaryFile,
  };
}

/** The same trouble at every look is told once. */
function reportOnce(say: Say): (error: unknown) => void {
  const told = new Set<string>();
  return (error) => {
    const message = error instanceof Error ? error.message : String(error);
    if (told.has(message)) return;
    told.add(message);
    say(`not measured: ${message}`);
  };
}
