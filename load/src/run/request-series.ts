/** What the requests of one endpoint were like in one interval. Milliseconds. */
export interface EndpointInterval {
  readonly requests: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

export interface RequestInterval {
  /** Since the start of the run: when the interval begins. */
  readonly atSeconds: number;
  readonly seconds: number;
  /** Users at work. */
  readonly users: number;
  /** Logins whose password was hashed: others are turned away before that (429, 503). */
  readonly hashedLogins: number;
  /** By endpoint, and `all`. */
  readonly endpoints: Readonly<Record<string, EndpointInterval>>;
}

interface Collected {
  durationsMs: number[];
  failed: number;
}

const POINT = /^\{"metric":"(http_req_duration|http_req_failed|vus)","type":"Point"/;

interface Tags {
  readonly name?: string;
  readonly status?: string;
}

/** Right passwords, and wrong ones. */
const HASHED_STATUSES = ['200', '401'];

interface Point {
  readonly data: { readonly time: string; readonly value: number; readonly tags?: Tags };
}

/** Gathers k6's JSON output, line by line, into intervals. */
export class RequestSeries {
  readonly #startedAtMs: number;
  readonly #intervalSeconds: number;
  readonly #collected = new Map<number, Map<string, Collected>>();
  readonly #users = new Map<number, number>();
  readonly #hashedLogins = new Map<number, number>();

  constructor(startedAtMs: number, intervalSeconds: number) {
    this.#startedAtMs = startedAtMs;
    this.#intervalSeconds = intervalSeconds;
  }

  /** Lines of other metrics are left out without being parsed: there are many. */
  add(line: string): void {
    const metric = POINT.exec(line)?.[1];
    if (metric === undefined) return;
    const { time, value, tags } = (JSON.parse(line) as Point).data;
    const interval = Math.max(0, Math.floor((Date.parse(time) - this.#startedAtMs) / 1000 / this.#intervalSeconds));
    if (metric === 'vus') {
      this.#users.set(interval, Math.max(value, this.#users.get(interval) ?? 0));
      return;
    }
    if (metric === 'http_req_duration' && tags?.name === 'login' && HASHED_STATUSES.includes(tags.status ?? '')) {
      this.#hashedLogins.set(interval, (this.#hashedLogins.get(interval) ?? 0) + 1);
    }
    for (const endpoint of [tags?.name ?? 'other', 'all']) {
      const collected = this.#at(interval, endpoint);
      if (metric === 'http_req_duration') collected.durationsMs.push(value);
      else collected.failed += value;
    }
  }

  intervals(): RequestInterval[] {
    const last = Math.max(-1, ...this.#collected.keys());
    return Array.from({ length: last + 1 }, (_, interval) => ({
      atSeconds: interval * this.#intervalSeconds,
      seconds: this.#intervalSeconds,
      users: this.#usersIn(interval),
      hashedLogins: this.#hashedLogins.get(interval) ?? 0,
      endpoints: Object.fromEntries(
        [...(this.#collected.get(interval) ?? [])].map(([endpoint, collected]) => [endpoint, summarised(collected)]),
      ),
    }));
  }

  /** Told about once a second: a short interval may have been told nothing, which is not that all have left. */
  #usersIn(interval: number): number {
    for (let told = interval; told >= 0; told -= 1) {
      const users = this.#users.get(told);
      if (users !== undefined) return users;
    }
    return 0;
  }

  #at(interval: number, endpoint: string): Collected {
    const endpoints = this.#collected.get(interval) ?? new Map<string, Collected>();
    this.#collected.set(interval, endpoints);
    const collected = endpoints.get(endpoint) ?? { durationsMs: [], failed: 0 };
    endpoints.set(endpoint, collected);
    return collected;
  }
}

function summarised({ durationsMs, failed }: Collected): EndpointInterval {
  const sorted = durationsMs.toSorted((a, b) => a - b);
  const at = (share: number) => rounded(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  return { requests: sorted.length, failed, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
