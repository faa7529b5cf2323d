import { pino } from 'pino';
import { watchedKinds } from '../../src/controller/watched-kinds.ts';
import type { Transport } from '../../src/kubernetes/transport.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { Operator, type Tiers, WORKERS } from '../../src/operator.ts';
import { SAMPLE_INPUTS } from '../../src/testing/sample-clusters.ts';
import { AGREEABLE_TIERS } from './agreeable-tiers.ts';
import { DisturbedTransport } from './disturbed-transport.ts';
import type { SkippableClock } from './skippable-clock.ts';

/** One process of the operator as far as the API server can tell; servers that it talks to say yes. */
export class OperatorInstance {
  readonly transport: DisturbedTransport;
  readonly operator: Operator;
  /** Its latest warnings, for who wonders why it does not come to rest. */
  readonly warnings: string[] = [];
  readonly #stop = new AbortController();
  #activeWorkers = 0;
  #works = false;

  constructor(through: Transport, namespaces: readonly string[], clock: SkippableClock, over: Partial<Tiers> = {}) {
    this.transport = new DisturbedTransport(through);
    const { images } = SAMPLE_INPUTS;
    const metrics = createMetrics({
      resources: watchedKinds(namespaces).map(({ kind }) => kind),
      concurrency: WORKERS,
    });
    const activeWorkers = (count: number) => {
      this.#activeWorkers = count;
    };
    const controller = { ...metrics.controller, activeWorkers };
    this.operator = new Operator({
      config: {
        watchNamespaces: namespaces,
        images: { ...images, postgres: { '17': images.postgres } },
        imagePullSecrets: [],
        pod: { name: 'operator', namespace: 'authcluster-system' },
      },
      transport: this.transport,
      tiers: () => ({ ...AGREEABLE_TIERS, ...over }),
      clock,
      random: () => 0,
      randomBytes: (count) => Buffer.alloc(count, 7),
      log: pino({ level: 'warn' }, { write: (line) => this.#remember(line) }),
      metrics: { ...metrics, controller },
    });
  }

  async start(): Promise<void> {
    const { signal } = this.#stop;
    void this.operator.watch(signal);
    try {
      await this.operator.cache.untilSynced(AbortSignal.any([signal, AbortSignal.timeout(60_000)]));
    } catch (error) {
      // Killed before it had begun.
      if (signal.aborted) return;
      throw error;
    }
    this.#works = true;
    void this.operator.work();
  }

  /** Ends it as SIGKILL does: nothing of what it was about to do is done. */
  kill(): void {
    this.transport.die();
    this.#stop.abort();
    this.operator.queue.close();
  }

  /** Whether it has nothing to do but to wait. */
  get isIdle(): boolean {
    return this.#works && this.operator.queue.depth === 0 && this.#activeWorkers === 0;
  }

  #remember(line: string): void {
    this.warnings.push(line.trim());
    if (this.warnings.length > 5) this.warnings.shift();
  }
}
