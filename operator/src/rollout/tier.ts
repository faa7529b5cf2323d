import type { PodAddress, PodDialer } from '../kubernetes/dialer.ts';
import { hasCondition, type Pod } from '../kubernetes/objects.ts';
import { askPod } from '../kubernetes/pod-http.ts';
import { type PodKeys, podKeys } from '../signing-keys/pod-keys.ts';
import { PORTS } from '../specs/names.ts';
import { LoginChecks } from './login-checks.ts';
import { trafficOf } from './metrics.ts';
import type { Check, RolloutObserved } from './terms.ts';
import { sum, type Traffic } from './traffic.ts';
import { type Counters, TrafficWindow } from './traffic-window.ts';

export interface ApiTierOptions {
  dialer: PodDialer;
  randomBytes: (count: number) => Buffer;
  now: () => number;
}

/** A login costs what hashing a password costs: a few pods speak for all. */
const PODS_TO_LOG_IN_TO = 3;

/** Asks pods of the auth API what a rollout has to know, and tells those that have lost the traffic. */
export class ApiTier {
  readonly #options: ApiTierOptions;
  /** Of the pods that are to lose the traffic, by AuthCluster. A new process begins to measure anew. */
  readonly #windows = new Map<string, TrafficWindow>();
  /** Of new pods, by AuthCluster. */
  readonly #logins = new Map<string, LoginChecks>();

  constructor(options: ApiTierOptions) {
    this.#options = options;
  }

  forget(key: string): void {
    this.#windows.delete(key);
    this.#logins.delete(key);
  }

  /** Whether every one of these pods answers, and a few decide a login. */
  async check(key: string, pods: readonly Pod[]): Promise<Check> {
    const addresses = pods.flatMap(addressOf);
    if (addresses.length === 0) return { kind: 'failed', message: 'no pod has an address' };
    const outcomes = await Promise.all(addresses.map((pod) => this.#health(pod)));
    const message = outcomes.find((outcome) => outcome !== undefined);
    if (message !== undefined) return { kind: 'failed', message };
    const { now } = this.#options;
    const logins = this.#logins.get(key) ?? new LoginChecks({ logIn: (pod) => this.#logIn(pod), now });
    this.#logins.set(key, logins);
    return logins.check(addresses.slice(0, PODS_TO_LOG_IN_TO));
  }

  /** Takes a sample of what the pods that have the traffic have answered. Returns whether any of them told. */
  async measure(key: string, serving: readonly Pod[]): Promise<boolean> {
    const told = await this.#scrape(serving);
    if (told.size === 0) return false;
    const window = this.#windows.get(key) ?? new TrafficWindow();
    window.add(this.#options.now(), told);
    this.#windows.set(key, window);
    return true;
  }

  /** What the verdict on the new pods is to start from: to be asked after they were checked. */
  async baseline(
    key: string,
    candidate: readonly Pod[],
    serving: readonly Pod[],
    enoughLogins: number,
  ): Promise<RolloutObserved['baseline']> {
    const [tells, counted] = await Promise.all([this.measure(key, serving), this.#scrape(candidate)]);
    if (!tells || counted.size === 0) return undefined;
    const former = this.#windows.get(key)?.traffic(enoughLogins);
    // What a pod had counted before and tells only later would be taken for what it did with the traffic.
    const isWhole = counted.size === candidate.flatMap(addressOf).length;
    return former === undefined || !isWhole ? 'measuring' : { candidate: sum(counted.values()), former };
  }

  /**
   * What ready pods have answered since they began. Undefined where none of them tells. A part speaks for all: else one
   * pod that is down would keep the others from being judged.
   */
  async traffic(pods: readonly Pod[]): Promise<Traffic | undefined> {
    const told = await this.#scrape(pods.filter((pod) => hasCondition(pod, 'Ready')));
    return told.size > 0 ? sum(told.values()) : undefined;
  }

  /** Has pods close their clients' connections for the next seconds. Returns the names of those that do not listen. */
  async standBy(pods: readonly Pod[], token: string): Promise<string[]> {
    const order = {
      port: PORTS.authApiOps,
      method: 'POST',
      path: '/stand-by',
      headers: { authorization: `Bearer ${token}` },
    } as const;
    const addresses = pods.flatMap(addressOf);
    const answers = await Promise.all(addresses.map((pod) => askPod(this.#options.dialer, pod, order)));
    return addresses.filter((_pod, index) => answers[index]?.status !== 204).map(({ name }) => name);
  }

  /** What each of these pods has read of the signing keys. Undefined where one of them does not tell. */
  async signingKeys(pods: readonly Pod[]): Promise<readonly PodKeys[] | undefined> {
    const metrics = { port: PORTS.authApiOps, method: 'GET', path: '/metrics' } as const;
    const addresses = pods.flatMap(addressOf);
    const answers = await Promise.all(addresses.map((pod) => askPod(this.#options.dialer, pod, metrics)));
    const keys = answers.map(({ text }) => podKeys(text));
    return keys.length === pods.length && keys.every(({ size }) => size > 0) ? keys : undefined;
  }

  async #health(pod: PodAddress): Promise<string | undefined> {
    const { status } = await askPod(this.#options.dialer, pod, { port: PORTS.authApi, method: 'GET', path: '/health' });
    return status === 200 ? undefined : `GET /health of ${pod.name} answered ${status}`;
  }

  /** Of a user whom nobody knows: it goes the whole way, through pooler, database and hashing, and ends in 401. */
  async #logIn(pod: PodAddress): Promise<number> {
    const unknown = () => this.#options.randomBytes(12).toString('hex');
    const body = JSON.stringify({ username: `rollout-${unknown()}`, password: unknown() });
    const login = { port: PORTS.authApi, method: 'POST', path: '/v1/login', body } as const;
    return (await askPod(this.#options.dialer, pod, login)).status;
  }

  async #scrape(pods: readonly Pod[]): Promise<Counters> {
    const metrics = { port: PORTS.authApiOps, method: 'GET', path: '/metrics' } as const;
    const answers = await Promise.all(
      pods.flatMap(addressOf).map(async (pod) => ({ pod, ...(await askPod(this.#options.dialer, pod, metrics)) })),
    );
    const told = answers.filter(({ status }) => status === 200);
    return new Map(told.map(({ pod, text }) => [pod.name, trafficOf(text)]));
  }
}

/** A pod that is leaving, was evicted or has no address yet is not asked. */
function addressOf({ metadata, status }: Pod): PodAddress[] {
  const ip = status?.podIP;
  if (ip === undefined || metadata.deletionTimestamp !== undefined || status?.phase === 'Failed') return [];
  return [{ namespace: metadata.namespace, name: metadata.name, ip }];
}
