import { setTimeout as sleep } from 'node:timers/promises';
import { INSTANCE, kubectl, NAME, NAMESPACE } from './cluster.ts';

const PODS = `${INSTANCE},app.kubernetes.io/component=redis`;
/** One of each third of the slots. */
const KEYS = ['bar', 'test', 'foo'] as const;
const WRITING_SECONDS = 30;
/** Until the writes go on for certain. */
const WRITTEN_BEFORE_SECONDS = 5;

/** Longest time without a write that Redis took, in seconds, by the pod that owned the key before. */
export type Gaps = ReadonlyMap<string, number>;

/** Has a script run inside a pod of Redis, with what it takes to log in as the API does. */
export async function inRedis(pod: string, script: string): Promise<string> {
  const args = ['get', 'secret', '-n', NAMESPACE, `${NAME}-redis-auth`, '-o', 'jsonpath={.data.password}'];
  const password = Buffer.from(await kubectl.run(args), 'base64').toString('utf8');
  const login = `export REDISCLI_AUTH='${password}'\nask() { timeout 2 redis-cli --user auth_api "$@" 2>&1; }\n`;
  return kubectl.run(['exec', '-i', '-n', NAMESPACE, pod, '--', 'bash', '-s'], login + script);
}

/** Of all shards, set by `setKeptKeys`. */
export const KEPT_KEYS = 200;

/** Sets them; how many of them Redis took. */
export function setKeptKeys(): Promise<number> {
  return answers('set kept:$key here', 'OK');
}

/** How many of them are there, with what was set. */
export function keptKeys(): Promise<number> {
  return answers('get kept:$key', 'here');
}

/** How often one of the pods answers so, asked once for each key. */
async function answers(command: string, answer: string): Promise<number> {
  const [pod] = await kubectl.list(NAMESPACE, 'pods', PODS);
  const script = `for key in $(seq ${KEPT_KEYS}); do ask -c ${command}; done | grep -cx '${answer}' || true`;
  return Number(await inRedis(pod?.metadata.name ?? '', script));
}

/** By the redirect that any other member answers with. */
async function ownerOf(key: string, pods: readonly string[]): Promise<string> {
  for (const pod of pods) {
    const [, host] = /^MOVED \d+ ([^.]+)\./m.exec(await inRedis(pod, `ask get ${key}`)) ?? [];
    if (host !== undefined) return host;
  }
  throw new Error(`no pod of Redis says who owns ${key}`);
}

/**
 * Writes keys of every shard while the primary of one is lost: `lose` gets its name. The writes come from a pod of
 * another shard, one after the other for each key.
 */
export async function writeToRedis(lose: (primary: string) => Promise<void>): Promise<{ victim: string; gaps: Gaps }> {
  const pods = (await kubectl.list(NAMESPACE, 'pods', PODS)).map(({ metadata }) => metadata.name);
  const owners = await Promise.all(KEYS.map((key) => ownerOf(key, pods)));
  const victim = owners[0] ?? '';
  const shardOf = (pod: string) => pod.slice(0, pod.lastIndexOf('-'));
  const writer = pods.find((pod) => shardOf(pod) !== shardOf(victim)) ?? '';
  const loops = KEYS.map(
    (key) =>
      `(until [ $SECONDS -ge ${WRITING_SECONDS} ]; do [ "$(ask -c set ${key} 1)" = OK ] && date +"${key} %s%3N"; sleep 0.1; done) &`,
  );
  const script = `${loops.join('\n')}\nwait\ndate +"end %s%3N"\n`;
  const [text] = await Promise.all([
    inRedis(writer, script),
    sleep(WRITTEN_BEFORE_SECONDS * 1000).then(() => lose(victim)),
  ]);
  return { victim, gaps: new Map(KEYS.map((key, index) => [owners[index] ?? '', longestGap(key, text)])) };
}

function longestGap(key: string, text: string): number {
  const times = [...text.matchAll(/^(\w+) (\d+)$/gm)].filter(([, name]) => name === key || name === 'end');
  const at = times.map(([, , milliseconds]) => Number(milliseconds)).sort((left, right) => left - right);
  // Without one before the loss and one after it nothing can be said.
  if (at.length < 3) return Number.POSITIVE_INFINITY;
  const gaps = at.slice(1).map((time, index) => time - (at[index] ?? time));
  return Math.max(...gaps, 0) / 1000;
}
