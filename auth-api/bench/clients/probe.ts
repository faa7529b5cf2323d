// Asks /verify at a fixed rate, whether or not the answers keep up with it, and takes the time of each.
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { getPriority, setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { answerJobs } from '../client-process.ts';

export interface Probe {
  readonly url: string;
  /** One for each request, in their order. */
  readonly tokens: readonly string[];
  readonly perSecond: number;
}

export interface ProbeResult {
  /** In the order of the tokens. */
  readonly durationsMs: readonly number[];
  readonly failed: number;
  /** By which this process went before others: 0 where it may not raise it. */
  readonly priority: number;
}

/** Who measures must not wait for the CPU behind what is measured. */
function goFirst(): number {
  try {
    setPriority(0, -10);
  } catch {
    // Only root may.
  }
  return getPriority(0);
}

const priority = goFirst();
const agent = new Agent({ keepAlive: true });

/** The status; 0 where there was no answer. */
async function ask(url: string, token: string): Promise<number> {
  const request = get(`${url}/verify`, { agent, timeout: 20_000, headers: { authorization: `Bearer ${token}` } });
  request.once('timeout', () => request.destroy(new Error('no answer')));
  try {
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    answer.resume();
    return answer.statusCode ?? 0;
  } catch {
    return 0;
  }
}

answerJobs<Probe, ProbeResult>(async ({ url, tokens, perSecond }) => {
  const startedMs = performance.now();
  const durationsMs: number[] = [];
  let failed = 0;
  const asked: Promise<void>[] = [];
  for (const [turn, token] of tokens.entries()) {
    await delay(Math.max(0, startedMs + (turn * 1000) / perSecond - performance.now()));
    const sentMs = performance.now();
    const answered = ask(url, token).then((status) => {
      durationsMs[turn] = performance.now() - sentMs;
      if (status !== 200) failed += 1;
    });
    asked.push(answered);
  }
  await Promise.all(asked);
  return { durationsMs, failed, priority };
});
