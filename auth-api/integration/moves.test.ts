import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { Container } from '../../dev/containers/container.ts';
import { eventually } from '../../dev/eventually.ts';
import { invalidationChannel } from '../src/cache/redis-invalidation-channel.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Client } from './harness/client.ts';
import { redisCredentials } from './harness/redis.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

const stack = runningStack();
let pods: ApiProcess[];
let clients: readonly Client[];
beforeAll(async () => {
  const environment = serveEnvironment(stack);
  pods = await Promise.all([ApiProcess.start(environment), ApiProcess.start(environment)]);
  clients = pods.map((pod) => new Client(pod.url));
});
afterAll(() => Promise.all((pods ?? []).map((pod) => pod.stop())));

interface Told {
  /** Answers that say something untrue: a live session refused, an ended one let through, an error of no kind. */
  readonly wrong: string[];
  /** Sessions that were opened, checked on both pods, refreshed and ended. */
  whole: number;
  /** 503: the client is asked to come again. */
  postponed: number;
}

/** Whole lives of sessions, over both pods, until it is stopped. */
function livesOfSessions(lanes: number) {
  const told: Told = { wrong: [], whole: 0, postponed: 0 };
  let isStopping = false;
  /** Comes again while asked to. */
  const insist = async <T extends { status: number }>(ask: () => Promise<T>): Promise<T> => {
    for (;;) {
      const answer = await ask();
      if (answer.status !== 503) return answer;
      told.postponed += 1;
      await delay(200);
    }
  };
  const live = async (lane: number) => {
    const [one, other] = lane % 2 === 0 ? clients : [...clients].reverse();
    if (one === undefined || other === undefined) throw new Error('two pods were to start');
    const { credentials } = await one.newSession();
    while (!isStopping) {
      const { status, body } = await insist(() => one.login(credentials));
      if (status !== 200) {
        told.wrong.push(`a login: ${status}`);
        continue;
      }
      for (const client of [one, other]) {
        const checked = await insist(() => client.verify(body.access_token));
        if (checked.status !== 200) told.wrong.push(`a live session: ${checked.status}`);
      }
      const refreshed = await insist(() => other.refresh(body.refresh_token));
      if (refreshed.status !== 200) told.wrong.push(`a refresh: ${refreshed.status}`);
      const ended = await insist(() => one.logout(refreshed.body.refresh_token));
      if (ended.status !== 204) told.wrong.push(`a logout: ${ended.status}`);
      const after = await insist(() => one.verify(refreshed.body.access_token));
      if (after.status !== 401) told.wrong.push(`an ended session: ${after.status}`);
      told.whole += 1;
    }
  };
  const running = Promise.all(Array.from({ length: lanes }, (_, lane) => live(lane)));
  return {
    told,
    /** Resolves when so many more sessions have lived. */
    further: (count: number) => {
      const goal = told.whole + count;
      return eventually(async () => expect(told.whole).toBeGreaterThanOrEqual(goal), 120_000);
    },
    stop: async () => {
      isStopping = true;
      await running;
    },
  };
}

test('a PgBouncer that restarts under requests postpones some, and answers none wrongly', async () => {
  const pooler = new Container(stack.containers.poolerRw ?? '');
  const sessions = livesOfSessions(4);
  try {
    for (let round = 0; round < 3; round += 1) {
      await sessions.further(10);
      await pooler.kill();
      await pooler.restart();
    }
    await sessions.further(10);
  } finally {
    await sessions.stop();
  }
  expect(sessions.told.wrong).toEqual([]);
}, 500_000);

describe('slots of the Redis Cluster that move under requests', () => {
  const nodes: Redis[] = [];
  beforeAll(() => {
    nodes.push(...stack.redisPorts.map((port) => new Redis({ host: '127.0.0.1', port, ...redisCredentials })));
  });
  afterAll(() => {
    for (const node of nodes) node.disconnect();
  });

  /** As the operator moves them, key by key, one slot after the other. */
  async function move(slot: number, from: Redis, to: Redis): Promise<void> {
    const [source, target] = await Promise.all([from.call('CLUSTER', 'MYID'), to.call('CLUSTER', 'MYID')]);
    await to.call('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', String(source));
    await from.call('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', String(target));
    const { username, password } = redisCredentials;
    for (;;) {
      const keys = (await from.call('CLUSTER', 'GETKEYSINSLOT', String(slot), '100')) as string[];
      if (keys.length === 0) break;
      const login = ['AUTH2', username, password];
      await from.call(
        'MIGRATE',
        '127.0.0.1',
        String(to.options.port),
        '',
        '0',
        '5000',
        'REPLACE',
        ...login,
        'KEYS',
        ...keys,
      );
    }
    for (const node of [to, from]) await node.call('CLUSTER', 'SETSLOT', String(slot), 'NODE', String(target));
  }

  test('make no answer wrong, there and back', async () => {
    const ofChannel = Number(await nodes[0]?.call('CLUSTER', 'KEYSLOT', invalidationChannel));
    const owner = Math.floor((ofChannel * nodes.length) / 16_384);
    const [from, to] = [nodes[owner], nodes[(owner + 1) % nodes.length]];
    if (from === undefined || to === undefined) throw new Error('two nodes were to be there');
    // That of the messages between pods, and half a hundred beside it.
    const slots = Array.from({ length: 50 }, (_, place) => ofChannel + place);
    const sessions = livesOfSessions(4);
    try {
      await sessions.further(10);
      for (const slot of slots) await move(slot, from, to);
      await sessions.further(10);
      for (const slot of slots) await move(slot, to, from);
      await sessions.further(10);
    } finally {
      await sessions.stop();
    }
    expect(sessions.told.wrong).toEqual([]);
  }, 500_000);
});
