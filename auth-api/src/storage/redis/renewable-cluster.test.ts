import { EventEmitter } from 'node:events';
import { expect, test } from '@jest/globals';
import { RenewableCluster } from './renewable-cluster.ts';

class FakeCluster extends EventEmitter {
  readonly subscribed: string[] = [];
  failure: Error | undefined;
  isConnected = true;
  async ssubscribe(channel: string): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.subscribed.push(channel);
  }
  async sunsubscribe(): Promise<void> {}
  async spublish(): Promise<void> {}
  async eval(): Promise<void> {}
  async evalsha(): Promise<this> {
    return this;
  }
  disconnect(): void {
    this.isConnected = false;
  }
}

function world() {
  const opened: FakeCluster[] = [];
  const cluster = new RenewableCluster(() => {
    const client = new FakeCluster();
    opened.push(client);
    return client;
  });
  return { cluster, opened };
}

const client = (opened: FakeCluster[], index: number) => opened[index] as FakeCluster;

test('a client that has no subscribers any more is replaced, once the other is ready; listeners stay', async () => {
  const { cluster, opened } = world();
  const heard: unknown[] = [];
  const first = client(opened, 0);
  cluster.on('smessage', (_, message) => heard.push(message));
  first.failure = new Error('No sharded subscriber for slot: 13217');
  await expect(cluster.ssubscribe('news')).rejects.toThrow('No sharded subscriber');
  await expect(cluster.ssubscribe('news')).rejects.toThrow('No sharded subscriber');
  expect(opened).toHaveLength(2);
  expect(await cluster.evalsha('sha', 0)).toBe(first);
  const second = client(opened, 1);
  second.emit('ready');
  await cluster.ssubscribe('news');
  expect(second.subscribed).toEqual(['news']);
  expect(await cluster.evalsha('sha', 0)).toBe(second);
  expect([first.isConnected, second.isConnected]).toEqual([false, true]);
  first.emit('smessage', 'news', 'of the first');
  second.emit('smessage', 'news', 'of the second');
  expect(heard).toEqual(['of the second']);
});

test('other failures replace nothing', async () => {
  const { cluster, opened } = world();
  client(opened, 0).failure = new Error('Connection is closed.');
  await expect(cluster.ssubscribe('news')).rejects.toThrow('Connection is closed.');
  expect(opened).toHaveLength(1);
});

test('disconnecting ends the client that waits to take over, too', async () => {
  const { cluster, opened } = world();
  client(opened, 0).failure = new Error('No sharded subscriber for slot: 1');
  await expect(cluster.ssubscribe('news')).rejects.toThrow('No sharded subscriber');
  cluster.disconnect();
  expect(opened.map(({ isConnected }) => isConnected)).toEqual([false, false]);
});
