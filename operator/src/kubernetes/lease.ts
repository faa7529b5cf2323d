import { setTimeout as sleep } from 'node:timers/promises';
import { isStatus } from './errors.ts';
import { microTime } from './micro-time.ts';
import type { LiveObject } from './objects.ts';
import { resourceOf, resourcePath } from './resources.ts';
import type { Transport } from './transport.ts';

interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

interface Lease extends LiveObject {
  spec: LeaseSpec;
}

export interface LeaderElectionOptions {
  namespace: string;
  name: string;
  /** Unique per process: the pod's name with its UID or a random part. */
  identity: string;
  /** How long a holder that is not heard of keeps the lease. Default 15. */
  leaseDurationSeconds?: number;
  /** How long the holder goes on trying to renew before it must stop. Default 10, below the duration. */
  renewDeadlineSeconds?: number;
  /** Default 2. */
  retryPeriodSeconds?: number;
  now: () => number;
  random: () => number;
  onProblem?: (error: unknown) => void;
}

/**
 * Leader election on a coordination.k8s.io Lease, by the rules of client-go: whether a holder is dead is judged by
 * how long *we* have not seen the lease change, never by comparing its clock with ours.
 */
export class LeaderElection {
  readonly #transport: Transport;
  readonly #options: Required<Omit<LeaderElectionOptions, 'onProblem'>> & Pick<LeaderElectionOptions, 'onProblem'>;
  #seen: { resourceVersion: string; atMs: number } | undefined;
  #held: Lease | undefined;
  /** When the try began by which we hold it: others may have seen it from then on. */
  #heldSinceMs = 0;

  constructor(transport: Transport, options: LeaderElectionOptions) {
    this.#transport = transport;
    this.#options = { leaseDurationSeconds: 15, renewDeadlineSeconds: 10, retryPeriodSeconds: 2, ...options };
    const { leaseDurationSeconds, renewDeadlineSeconds, retryPeriodSeconds } = this.#options;
    if (!(leaseDurationSeconds > renewDeadlineSeconds && renewDeadlineSeconds > retryPeriodSeconds)) {
      throw new RangeError('leader election needs lease duration > renew deadline > retry period');
    }
  }

  /** Resolves once we hold the lease; rejects only when the signal aborts. */
  async acquire(signal: AbortSignal): Promise<void> {
    while (!(await this.#attempt())) {
      const jitteredMs = this.#options.retryPeriodSeconds * 1000 * (1 + 0.2 * this.#options.random());
      await sleep(jitteredMs, undefined, { signal });
    }
  }

  /**
   * Renews what was acquired until the signal aborts. Resolves `lost` when it could not be renewed in time: stop at once. An
   * answer that does not come puts nothing off.
   */
  async keep(signal: AbortSignal): Promise<'stopped' | 'lost'> {
    const { renewDeadlineSeconds, retryPeriodSeconds, now } = this.#options;
    while (!signal.aborted) {
      await sleep(retryPeriodSeconds * 1000, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) break;
      const leftMs = () => this.#heldSinceMs + renewDeadlineSeconds * 1000 - now();
      const outcome = await Promise.race([this.#attempt(), elapsed(leftMs(), signal)]);
      if (signal.aborted) break;
      if (outcome === 'elapsed' || this.#held === undefined || leftMs() < 0) return 'lost';
    }
    return 'stopped';
  }

  /** Gives the lease up, so that the next holder need not wait for it to run out. */
  async release(): Promise<void> {
    if (this.#held === undefined) return;
    const spec = { ...this.#held.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: this.#timestamp() };
    await this.#update(this.#held, spec).catch(this.#options.onProblem);
    this.#held = undefined;
  }

  /** One try to take or renew. False on any failure: the caller's deadline decides what that means. */
  async #attempt(): Promise<boolean> {
    const begunMs = this.#options.now();
    try {
      const lease = await this.#read();
      if (lease === undefined) return this.#remember(await this.#create(), begunMs);
      this.#observe(lease);
      const ours = lease.spec.holderIdentity === this.#options.identity;
      if (!ours) this.#held = undefined;
      if (!ours && !this.#isExpired(lease)) return false;
      return this.#remember(await this.#update(lease, this.#renewed(lease.spec, ours)), begunMs);
    } catch (error) {
      // Losing a race for the lease is the normal life of a candidate.
      if (!isStatus(error, 409)) this.#options.onProblem?.(error);
      return false;
    }
  }

  #observe(lease: Lease): void {
    if (this.#seen?.resourceVersion === lease.metadata.resourceVersion) return;
    this.#seen = { resourceVersion: lease.metadata.resourceVersion, atMs: this.#options.now() };
  }

  #isExpired(lease: Lease): boolean {
    if (!lease.spec.holderIdentity) return true;
    const durationMs = (lease.spec.leaseDurationSeconds ?? this.#options.leaseDurationSeconds) * 1000;
    return this.#seen !== undefined && this.#options.now() - this.#seen.atMs > durationMs;
  }

  #remember(lease: Lease, begunMs: number): boolean {
    this.#held = lease;
    this.#heldSinceMs = begunMs;
    this.#observe(lease);
    return true;
  }

  #renewed(spec: LeaseSpec, ours: boolean): LeaseSpec {
    const now = this.#timestamp();
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: this.#options.leaseDurationSeconds,
      acquireTime: ours ? (spec.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: (spec.leaseTransitions ?? 0) + (ours ? 0 : 1),
    };
  }

  #timestamp(): string {
    return microTime(this.#options.now());
  }

  async #read(): Promise<Lease | undefined> {
    try {
      const path = resourcePath(resourceOf('Lease'), this.#options.namespace, this.#options.name);
      return (await this.#transport.send({ method: 'GET', path, timeoutMs: 5000 })) as Lease;
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }

  async #create(): Promise<Lease> {
    const { namespace, name } = this.#options;
    return (await this.#transport.send({
      method: 'POST',
      path: resourcePath(resourceOf('Lease'), namespace),
      timeoutMs: 5000,
      body: {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name, namespace },
        spec: this.#renewed({}, false),
      },
    })) as Lease;
  }

  /** PUT carries the resourceVersion we read, so two candidates cannot both win. */
  async #update(lease: Lease, spec: LeaseSpec): Promise<Lease> {
    const path = resourcePath(resourceOf('Lease'), this.#options.namespace, this.#options.name);
    return (await this.#transport.send({ method: 'PUT', path, timeoutMs: 5000, body: { ...lease, spec } })) as Lease;
  }
}

/** Also when the signal aborts. */
async function elapsed(milliseconds: number, signal: AbortSignal): Promise<'elapsed'> {
  await sleep(Math.max(0, milliseconds), undefined, { signal, ref: false }).catch(() => undefined);
  return 'elapsed';
}
