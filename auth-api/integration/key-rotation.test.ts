import { cp, mkdtemp, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../../dev/eventually.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Client } from './harness/client.ts';
import { runningStack } from './harness/running-stack.ts';
import { newKeySet, serveEnvironment } from './harness/stack.ts';

type Status = 'pending' | 'active' | 'retired';
interface Key {
  readonly kid: string;
}

const newKey = (): Key => JSON.parse(newKeySet()).keys[0];
const [first, second] = [newKey(), newKey()];
const reloadLimitMs = 60_000;

let directory: string;
let pods: ApiProcess[];
let clients: [Client, Client];
beforeAll(async () => {
  const environment = serveEnvironment(runningStack());
  directory = await mkdtemp(join(tmpdir(), 'authcluster-keys-'));
  await cp(environment.KEYS_DIR ?? '', directory, { recursive: true });
  await publish([first, 'active']);
  const start = () => ApiProcess.start({ ...environment, KEYS_DIR: directory });
  pods = await Promise.all([start(), start()]);
  const [one, other] = pods.map((pod) => new Client(pod.url));
  if (one === undefined || other === undefined) throw new Error('two pods were to start');
  clients = [one, other];
});
afterAll(() => Promise.all((pods ?? []).map((pod) => pod.stop())));

/** As a mount changes: all at once. */
async function publish(...keys: readonly [Key, Status][]): Promise<void> {
  const text = JSON.stringify({ keys: keys.map(([key, status]) => ({ ...key, status })) });
  await writeFile(join(directory, 'next'), text);
  await rename(join(directory, 'next'), join(directory, 'keyset.json'));
}

const signerOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;

async function publishedBy(client: Client): Promise<string[]> {
  const { body } = await client.send<{ keys: Key[] }>('GET', '/.well-known/jwks.json');
  return body.keys.map(({ kid }) => kid);
}

/** Tokens of each pod, old and new, held against both pods, until it is stopped. */
function traffic(sessions: readonly { refresh_token: string; access_token: string }[]) {
  const refused: string[] = [];
  const signers = new Set<string>();
  let isStopping = false;
  let checks = 0;
  const run = async (start: (typeof sessions)[number]) => {
    const tokens = [start.access_token];
    for (let turn = 0, refreshToken = start.refresh_token; !isStopping; turn += 1) {
      const [issuer = clients[0], checker = clients[1]] = turn % 2 === 0 ? clients : [...clients].reverse();
      const { status, body } = await issuer.refresh(refreshToken);
      if (status !== 200) refused.push(`a refresh: ${status}`);
      else refreshToken = body.refresh_token;
      // The first token of the session, and the last two.
      tokens.splice(1, tokens.length - 2, body.access_token);
      for (const token of tokens) {
        signers.add(signerOf(token));
        for (const client of [checker, issuer]) {
          checks += 1;
          const answer = await client.verify(token);
          if (answer.status !== 200) refused.push(`a token of ${signerOf(token)}: ${answer.status}`);
        }
      }
    }
  };
  const running = Promise.all(sessions.map(run));
  return {
    signers,
    stop: async () => {
      isStopping = true;
      await running;
      return { refused, checks };
    },
  };
}

test('a key is published, signs, and is retired in stages, and not one token is refused', async () => {
  const sessions = await Promise.all([0, 1, 0, 1].map(async (pod) => (await clients[pod]?.newSession())?.tokens));
  const requests = traffic(sessions.filter((tokens) => tokens !== undefined));
  const everyPodKnows = async (...kids: string[]) => {
    await eventually(async () => {
      for (const client of clients) expect(await publishedBy(client)).toEqual(kids);
    }, reloadLimitMs);
  };
  try {
    await publish([first, 'active'], [second, 'pending']);
    await everyPodKnows(first.kid, second.kid);
    expect([...requests.signers]).toEqual([first.kid]);
    await publish([first, 'retired'], [second, 'active']);
    await eventually(
      async () => expect([...requests.signers].sort()).toEqual([first.kid, second.kid].sort()),
      reloadLimitMs,
    );
    for (const client of clients) {
      await eventually(async () => {
        expect(signerOf((await client.newSession()).tokens.access_token)).toBe(second.kid);
      }, reloadLimitMs);
    }
  } finally {
    const { refused, checks } = await requests.stop();
    expect(refused).toEqual([]);
    expect(checks).toBeGreaterThan(20);
  }
  await publish([second, 'active']);
  await everyPodKnows(second.kid);
}, 240_000);
