import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../../dev/eventually.ts';
import { invalidationChannel } from '../src/cache/redis-invalidation-channel.ts';
import { administratorToken } from './harness/administrator-token.ts';
import { unlessBusy } from './harness/client.ts';
import { begin, outages } from './harness/outages.ts';
import { Pod } from './harness/pod.ts';
import { connectCluster } from './harness/redis-client.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

const limitMs = 60_000;
const stack = runningStack();
const allNodes = stack.redisPorts.map((_, index) => `redis${index}`);
let nodeOfMessages: string;
let one: Pod;
let other: Pod;
beforeAll(async () => {
  [one, other] = await Pod.two(serveEnvironment(stack));
  const redis = connectCluster();
  try {
    await eventually(() => redis.ping(), limitMs);
    const slot = Number(await redis.nodes('master')[0]?.call('CLUSTER', 'KEYSLOT', invalidationChannel));
    nodeOfMessages = `redis${Math.floor((slot * allNodes.length) / 16_384)}`;
  } finally {
    redis.disconnect();
  }
});
afterAll(() => Promise.all([one?.api.stop(), other?.api.stop()]));

let heal: () => Promise<void> = async () => {};
afterEach(async () => {
  await heal();
  heal = async () => {};
  const { tokens } = await one.client.newSession();
  await Promise.all([one, other].map((pod) => pod.remembers(tokens.access_token)));
}, 150_000);

async function rename(token: string, name: string): Promise<void> {
  const headers = { 'if-match': (await one.client.me(token)).headers.get('etag') ?? '' };
  const { status } = await one.client.send('PATCH', '/v1/me', { token, headers, body: { display_name: name } });
  expect(status).toBe(200);
}

const nameOn = async (pod: Pod, token: string) => (await pod.client.me(token)).body.display_name;

/** A user with a session to keep and one to end; both pods have all of it in their memories. */
async function knownUser() {
  const { credentials, tokens: kept } = await one.client.newSession();
  const { body: ending } = await unlessBusy(() => other.client.login(credentials));
  await rename(kept.access_token, 'before');
  for (const pod of [one, other]) {
    await Promise.all([kept, ending].map(({ access_token }) => pod.remembers(access_token)));
    await eventually(async () => expect(await nameOn(pod, kept.access_token)).toBe('before'), limitMs);
  }
  const { body: me } = await one.client.me(kept.access_token);
  return { credentials, kept, ending, id: String(me.id) };
}

/** What both pods answer, again and again, until a time that is far enough for what is to be seen. */
async function answersUntil(isOver: () => boolean, ask: (pod: Pod) => Promise<unknown>): Promise<Set<unknown>> {
  const answers = new Set<unknown>();
  while (!isOver()) {
    for (const pod of [one, other]) answers.add(await ask(pod));
    await delay(20);
  }
  return answers;
}

describe.each(outages)('Redis, %s', (outage) => {
  test.each([
    ['the node of the messages between pods', () => [nodeOfMessages]],
    ['all nodes', () => allNodes],
  ])(
    '%s: all goes on, and nothing that was cached comes back',
    async (_, nodes) => {
      const admin = await administratorToken(one.client, limitMs);
      const { credentials, kept, ending, id } = await knownUser();
      const { end } = await begin(outage, ...nodes());
      heal = end;

      let isOver = false;
      const checking = answersUntil(
        () => isOver,
        (pod) => pod.status(kept.access_token),
      );
      expect((await unlessBusy(() => other.client.login(credentials))).status).toBe(200);
      const refreshed = await unlessBusy(() => other.client.refresh(kept.refresh_token));
      expect(refreshed.status).toBe(200);
      expect((await one.client.logout(ending.refresh_token)).status).toBe(204);
      expect(await one.status(ending.access_token)).toBe(401);
      await eventually(async () => expect(await other.status(ending.access_token)).toBe(401), limitMs);
      await rename(kept.access_token, 'meanwhile');
      const path = `/v1/admin/users/${id}/permissions/authcluster.users.read`;
      expect((await one.client.send('PUT', path, { token: admin })).status).toBe(204);
      const isGranted = async (pod: Pod) => {
        const query = '/verify?permission=authcluster.users.read';
        return (await pod.client.send('GET', query, { token: kept.access_token })).status === 200;
      };
      const seen = async (pod: Pod) => [
        await pod.status(ending.access_token),
        await nameOn(pod, kept.access_token),
        await isGranted(pod),
      ];
      await eventually(async () => expect(await seen(other)).toEqual([401, 'meanwhile', true]), limitMs);
      isOver = true;
      expect(await checking).toEqual(new Set([200]));

      // What Redis holds from before, and what pods have missed, shows in no answer from here on.
      let isBack = false;
      const watching = answersUntil(
        () => isBack,
        async (pod) => JSON.stringify(await seen(pod)),
      );
      await end();
      await Promise.all([one, other].map((pod) => pod.remembers(refreshed.body.access_token))).finally(() => {
        isBack = true;
      });
      expect(await watching).toEqual(new Set([JSON.stringify([401, 'meanwhile', true])]));
      await rename(kept.access_token, 'after');
      await eventually(async () => expect(await nameOn(other, kept.access_token)).toBe('after'));
      expect((await one.client.logout(refreshed.body.refresh_token)).status).toBe(204);
      await eventually(async () => expect(await other.status(kept.access_token)).toBe(401));
    },
    150_000,
  );
});
