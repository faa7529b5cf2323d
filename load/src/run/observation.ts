import { cpus } from 'node:os';
import type { Sample } from './samples.ts';

/** Reads one part of a sample; what it cannot read, it leaves out. */
export type Observer = () => Promise<Partial<Omit<Sample, 'atSeconds'>>>;

export interface Observation {
  readonly samples: readonly Sample[];
  /** Ends it, after one last sample. */
  stop(): Promise<void>;
}

/** Takes a sample every so many seconds. An observer that fails is reported, and its part is absent. */
export function observe(
  observers: readonly Observer[],
  {
    startedAtMs,
    everySeconds,
    onFailure,
  }: { startedAtMs: number; everySeconds: number; onFailure: (error: unknown) => void },
): Observation {
  const samples: Sample[] = [];
  const take = async (): Promise<void> => {
    const atSeconds = Math.round((Date.now() - startedAtMs) / 100) / 10;
    const parts = await Promise.allSettled(observers.map((observer) => observer()));
    for (const part of parts) if (part.status === 'rejected') onFailure(part.reason);
    const read = parts.flatMap((part) => (part.status === 'fulfilled' ? [part.value] : []));
    samples.push(Object.assign({ atSeconds }, ...read) as Sample);
  };
  let taking: Promise<void> | undefined;
  // A look that takes longer than its interval leaves out the next: looks that queued would come too late to tell when.
  const tick = (): void => {
    taking ??= take().finally(() => {
      taking = undefined;
    });
  };
  tick();
  const timer = setInterval(tick, everySeconds * 1000);
  return {
    samples,
    stop: async () => {
      clearInterval(timer);
      await taking;
      await take();
    },
  };
}

/** Busy share of this machine's cores since the last look. */
export function machineObserver(): Observer {
  let before = cpuTimes();
  return async () => {
    const now = cpuTimes();
    const [busy, all] = [now.busy - before.busy, now.all - before.all];
    before = now;
    return all === 0 ? {} : { machineUtilisation: busy / all };
  };
}

function cpuTimes(): { busy: number; all: number } {
  let [busy, all] = [0, 0];
  for (const { times } of cpus()) {
    const total = times.user + times.nice + times.sys + times.idle + times.irq;
    all += total;
    busy += total - times.idle;
  }
  return { busy, all };
}
