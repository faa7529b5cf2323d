import type { Observer } from './observation.ts';
import { parsePrometheusText } from './prometheus-text.ts';
import { apiSample } from './samples.ts';

const TIMEOUT_MS = 4000;

/** The auth API's metrics at known addresses, as of a process on this machine. */
export function metricsObserver(urls: readonly string[]): Observer {
  return async () => ({
    api: apiSample(await Promise.all(urls.map(async (url) => parsePrometheusText(await textAt(url))))),
  });
}

/** @throws Error where the answer is not 200 */
export async function textAt(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status} ${text.slice(0, 200)}`);
  return text;
}
