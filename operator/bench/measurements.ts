import { setTimeout as sleep } from 'node:timers/promises';
import type { LiveObject } from '../src/kubernetes/objects.ts';
import { resourceOf, resourcePath } from '../src/kubernetes/resources.ts';
import type { Transport } from '../src/kubernetes/transport.ts';

/** As often as Kubernetes' own controller does. */
const PERIOD_MS = 15_000;

export interface Autoscaler extends LiveObject {
  spec: { minReplicas: number; maxReplicas: number };
}

/** What Kubernetes writes to each HorizontalPodAutoscaler again and again: what it measured, whatever it concludes. */
export class Measurements {
  readonly #admin: Transport;
  readonly #autoscalers: () => readonly Autoscaler[];
  #written = 0;

  constructor(admin: Transport, autoscalers: () => readonly Autoscaler[]) {
    this.#admin = admin;
    this.#autoscalers = autoscalers;
  }

  get written(): number {
    return this.#written;
  }

  /** Writes until the signal aborts, to one after another, so that each has its turn once in a period. */
  async write(signal: AbortSignal): Promise<void> {
    for (let round = 0; !signal.aborted; round++) {
      const autoscalers = this.#autoscalers();
      const startedMs = performance.now();
      for (const [index, autoscaler] of autoscalers.entries()) {
        const dueMs = startedMs + (PERIOD_MS * index) / autoscalers.length;
        await sleep(Math.max(0, dueMs - performance.now()), undefined, { signal }).catch(() => undefined);
        if (signal.aborted) return;
        await this.#writeTo(autoscaler, 30 + (round % 20)).catch(() => undefined);
      }
      const restMs = startedMs + PERIOD_MS - performance.now();
      await sleep(Math.max(0, restMs), undefined, { signal }).catch(() => undefined);
    }
  }

  async #writeTo({ metadata, spec: { minReplicas } }: Autoscaler, averageUtilization: number): Promise<void> {
    const current = { averageUtilization, averageValue: `${averageUtilization}m` };
    await this.#admin.send({
      method: 'PATCH',
      path: resourcePath(resourceOf('HorizontalPodAutoscaler'), metadata.namespace, metadata.name, 'status'),
      contentType: 'application/merge-patch+json',
      body: {
        status: {
          currentReplicas: minReplicas,
          desiredReplicas: minReplicas,
          currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current } }],
        },
      },
    });
    this.#written += 1;
  }
}
