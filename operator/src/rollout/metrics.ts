import { NO_TRAFFIC, type Traffic } from './traffic.ts';

interface Sample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** Asked by the kubelet and by load balancers, whatever becomes of clients. */
const NOT_TRAFFIC = new Set(['health']);

/** What a pod has answered since it began, from its metrics in Prometheus' text format. */
export function trafficOf(text: string): Traffic {
  const traffic = structuredClone(NO_TRAFFIC);
  for (const { name, labels, value } of samplesOf(text)) {
    const { operation = '' } = labels;
    if (NOT_TRAFFIC.has(operation)) continue;
    if (name === 'http_requests_total') {
      traffic.requests += value;
      if (labels.code?.startsWith('5')) traffic.errors += value;
    } else if (name === 'auth_requests_total') {
      traffic.logins += value;
      if (labels.status !== 'success') traffic.failedLogins += value;
    } else if (name === 'auth_duration_seconds_sum' || name === 'auth_duration_seconds_count') {
      const duration = traffic.durations[operation] ?? { count: 0, seconds: 0 };
      duration[name.endsWith('_sum') ? 'seconds' : 'count'] += value;
      traffic.durations[operation] = duration;
    }
  }
  return traffic;
}

function samplesOf(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (match === null) return [];
    const [, name = '', inner = '', value] = match;
    const labels = [...inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']) => [key, text]);
    return [{ name, labels: Object.fromEntries(labels), value: Number(value) }];
  });
}
