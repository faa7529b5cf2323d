import type { Histogram, Registry } from 'prom-client';

const durationBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const;

/**
 * Those that this service answers with where it fails. They are shown from the start: of a series that begins with its
 * first failures, Prometheus does not see that they were more than before.
 */
const failures = [500, 503] as const;
/** No standard has a status for a request whose client left before it was answered: this is what nginx calls it. */
export const clientLeft = 499;
/** Who leaves sooner has other reasons. Time-outs begin at 3 s, and run a little ahead of what is measured here. */
const patienceSeconds = 2.5;

interface OperationCounts {
  /** Answers by the first bucket that holds them; the last place is for those beyond every bucket. */
  readonly buckets: Float64Array;
  sumSeconds: number;
  readonly answersByCode: Map<number, number>;
  /** Of those whose client left: for which it had waited. */
  abandoned: number;
  /** The last answer of each bucket that was traced. */
  readonly exemplars: (Exemplar | undefined)[];
}

/** As OpenMetrics has it: where to find one of those that were counted. The time is in seconds since 1970. */
interface Exemplar {
  readonly labelSet: { readonly trace_id: string };
  readonly value: number;
  readonly timestamp: number;
}

interface Sample {
  /** Where it is not the metric's own. */
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly exemplar?: Exemplar | undefined;
}

/**
 * Counts one operation's answers. Bound to its place once, so that a request adds numbers and looks nothing up.
 * @param traceId of a trace that is recorded
 */
export type AnswerCounter = (code: number, durationSeconds: number, traceId?: string) => void;

/**
 * How many answers each operation gave, and in what time: `auth_duration_seconds{operation}` and
 * `http_requests_total{operation, code}`; and `http_abandoned_requests_total{operation}`. The labels of prom-client's own are hashed at every call, which costs more
 * than anything else in the hot path; here the text is made when it is scraped.
 */
export class OperationStatistics {
  readonly #operations = new Map<string, OperationCounts>();

  constructor(registry: Registry) {
    const collect = (name: string, help: string, type: string, values: () => Sample[]) => {
      const metric = { name, help, type, aggregator: 'sum', get: async () => ({ ...metric, values: values() }) };
      // A registry asks no more of a metric than these.
      registry.registerMetric(metric as unknown as Histogram);
    };
    const all = (samples: (operation: string, counts: OperationCounts) => Sample[]) => () =>
      [...this.#operations].flatMap(([operation, counts]) => samples(operation, counts));
    collect('auth_duration_seconds', 'Time from request to answer', 'histogram', all(durationSamples));
    collect('http_requests_total', 'Requests by operation and status code', 'counter', all(answerSamples));
    const help = `Requests whose client left after it had waited for more than ${patienceSeconds} s`;
    collect('http_abandoned_requests_total', help, 'counter', all(abandonedSample));
  }

  /** From here on failures of the operation are shown. @param operation a name of ours, never a client's */
  counter(operation: string): AnswerCounter {
    const counts = this.#countsOf(operation);
    return (code, durationSeconds, traceId) => {
      let bucket = 0;
      while (bucket < durationBuckets.length && durationSeconds > (durationBuckets[bucket] ?? 0)) bucket += 1;
      counts.buckets[bucket] = (counts.buckets[bucket] ?? 0) + 1;
      counts.sumSeconds += durationSeconds;
      counts.answersByCode.set(code, (counts.answersByCode.get(code) ?? 0) + 1);
      if (code === clientLeft && durationSeconds > patienceSeconds) counts.abandoned += 1;
      if (traceId === undefined) return;
      counts.exemplars[bucket] = {
        labelSet: { trace_id: traceId },
        value: durationSeconds,
        timestamp: Date.now() / 1000,
      };
    };
  }

  #countsOf(operation: string): OperationCounts {
    const known = this.#operations.get(operation);
    if (known !== undefined) return known;
    const buckets = new Float64Array(durationBuckets.length + 1);
    const answersByCode = new Map<number, number>(failures.map((code) => [code, 0]));
    const counts = { buckets, sumSeconds: 0, answersByCode, abandoned: 0, exemplars: [] };
    this.#operations.set(operation, counts);
    return counts;
  }
}

/** Of what was answered: all parts of a histogram begin together, so that nothing is lost by beginning late. */
function durationSamples(operation: string, { buckets, sumSeconds, exemplars }: OperationCounts): Sample[] {
  if (buckets.every((count) => count === 0)) return [];
  let total = 0;
  const upTo = [...durationBuckets, '+Inf' as const].map((le, at): Sample => {
    total += buckets[at] ?? 0;
    const labels = { le, operation };
    return { metricName: 'auth_duration_seconds_bucket', labels, value: total, exemplar: exemplars[at] };
  });
  const sum = { metricName: 'auth_duration_seconds_sum', labels: { operation }, value: sumSeconds };
  return [...upTo, sum, { metricName: 'auth_duration_seconds_count', labels: { operation }, value: total }];
}

function answerSamples(operation: string, { answersByCode }: OperationCounts): Sample[] {
  return [...answersByCode].map(([code, value]) => ({ labels: { operation, code }, value }));
}

function abandonedSample(operation: string, { abandoned }: OperationCounts): Sample[] {
  return [{ labels: { operation }, value: abandoned }];
}
