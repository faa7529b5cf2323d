import { sleep } from 'k6';
import exec from 'k6/execution';

/** Time as the scenario sees it: every wait is shrunk by the time scale. */
export class Pace {
  readonly #timeScale: number;
  readonly #durationSeconds: number;

  constructor({ timeScale, durationSeconds }: { timeScale: number; durationSeconds: number }) {
    this.#timeScale = timeScale;
    this.#durationSeconds = durationSeconds;
  }

  /** Waits for a time between the two, evenly distributed, in seconds of the full-size scenario. */
  wait(fromSeconds: number, toSeconds: number): void {
    sleep((fromSeconds + Math.random() * (toSeconds - fromSeconds)) * this.#timeScale);
  }

  /** Waits until so many seconds after the start; not at all where they have passed. */
  waitUntil(seconds: number): void {
    sleep(Math.max(0, seconds - this.elapsedSeconds()));
  }

  elapsedSeconds(): number {
    return (Date.now() - exec.scenario.startTime) / 1000;
  }

  /** Whether the run is over: users then end their sessions instead of being cut off. */
  isOver(): boolean {
    return this.elapsedSeconds() >= this.#durationSeconds;
  }
}
