import { describe, expect, test } from '@jest/globals';
import { ApiError } from './errors.ts';
import { LeaderElection } from './lease.ts';
import type { ApiRequest, Transport } from './transport.ts';

interface StoredLease {
  metadata: { resourceVersion: string };
  spec: { holderIdentity?: string; renewTime?: string; leaseTransitions?: number; leaseDurationSeconds?: number };
}

/** One Lease with the API server's optimistic locking. */
class LeaseServer implements Transport {
  lease: StoredLease | undefined;
  #version = 0;

  async send(request: ApiRequest): Promise<unknown> {
    const body = request.body as StoredLease | undefined;
    if (request.method === 'GET') {
      if (this.lease === undefined) throw new ApiError(request, 404, '{}');
      return structuredClone(this.lease);
    }
    if (request.method === 'POST' && this.lease !== undefined) throw new ApiError(request, 409, '{}');
    if (request.method === 'PUT' && body?.metadata.resourceVersion !== this.lease?.metadata.resourceVersion) {
      throw new ApiError(request, 409, '{}');
    }
    this.#version += 1;
    this.lease = { spec: body?.spec ?? {}, metadata: { ...body?.metadata, resourceVersion: String(this.#version) } };
    return structuredClone(this.lease);
  }

  async stream(): Promise<AsyncIterable<Buffer>> {
    throw new Error('nothing to watch');
  }
}

const FAST = { leaseDurationSeconds: 0.5, renewDeadlineSeconds: 0.3, retryPeriodSeconds: 0.01 };

function candidate(server: Transport, identity: string, now: () => number = Date.now, times = FAST) {
  return new LeaderElection(server, { namespace: 'n', name: 'l', identity, ...times, now, random: () => 0 });
}

/** Whether the candidate gets the lease within a few retries. */
async function wins(election: LeaderElection, withinMs = 60): Promise<boolean> {
  return election.acquire(AbortSignal.timeout(withinMs)).then(
    () => true,
    () => false,
  );
}

describe('LeaderElection', () => {
  test('writes times with six fractional digits, which is what the API server takes', async () => {
    const server = new LeaseServer();
    expect(await wins(candidate(server, 'a'))).toBe(true);
    expect(server.lease?.spec.renewTime).toMatch(/\.\d{6}Z$/);
  });

  test('a second candidate waits', async () => {
    const server = new LeaseServer();
    await wins(candidate(server, 'a'));
    expect(await wins(candidate(server, 'b'))).toBe(false);
  });

  test('takes a lease over only after not having seen it change for its duration, whatever the clocks say', async () => {
    const server = new LeaseServer();
    // The holder's clock is an hour behind: its renewTime looks long expired.
    await wins(candidate(server, 'a', () => Date.now() - 3_600_000));
    let nowMs = 0;
    const second = candidate(server, 'b', () => nowMs);
    expect(await wins(second)).toBe(false);
    nowMs = 501;
    expect(await wins(second)).toBe(true);
    expect(server.lease?.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 2 });
  });

  test('learns that it has lost the lease when another one holds it', async () => {
    const server = new LeaseServer();
    const first = candidate(server, 'a');
    await wins(first);
    if (server.lease) server.lease.spec.holderIdentity = 'b';
    expect(await first.keep(AbortSignal.timeout(1000))).toBe('lost');
  });

  test('goes on for as long as it renews in time', async () => {
    const server = new LeaseServer();
    let nowMs = 0;
    let renewals = 0;
    const times = { ...FAST, leaseDurationSeconds: 40, renewDeadlineSeconds: 30 };
    const first = candidate(server, 'a', () => nowMs, times);
    await wins(first);
    const stop = new AbortController();
    const answer = server.send.bind(server);
    server.send = async (request) => {
      const answered = await answer(request);
      if (request.method === 'PUT') {
        nowMs += 20_000;
        renewals += 1;
        if (renewals === 5) stop.abort();
      }
      return answered;
    };
    expect(await first.keep(stop.signal)).toBe('stopped');
    expect(renewals).toBe(5);
  });

  test('gives up when it cannot renew before the deadline', async () => {
    const server = new LeaseServer();
    const first = candidate(server, 'a');
    await wins(first);
    server.send = async () => {
      throw new Error('unreachable');
    };
    expect(await first.keep(AbortSignal.timeout(2000))).toBe('lost');
  });

  test('gives up at the deadline even where an answer to a renewal never comes', async () => {
    const server = new LeaseServer();
    const first = candidate(server, 'a');
    await wins(first);
    server.send = () => new Promise(() => undefined);
    expect(await first.keep(AbortSignal.timeout(10_000))).toBe('lost');
  });

  test('counts the deadline from when the last renewal began, for others may have seen it since', async () => {
    const server = new LeaseServer();
    let nowMs = 0;
    const first = candidate(server, 'a', () => nowMs);
    await wins(first);
    const answer = server.send.bind(server);
    let isAway = false;
    server.send = async (request) => {
      if (isAway) throw new Error('unreachable');
      const answered = await answer(request);
      if (request.method === 'PUT') {
        // Slow to tell: the lease was renewed at 0 all the same.
        isAway = true;
        nowMs += 400;
      }
      return answered;
    };
    expect(await first.keep(AbortSignal.timeout(2000))).toBe('lost');
  });

  test('counts the first deadline from when the lease was asked for', async () => {
    const server = new LeaseServer();
    let nowMs = 0;
    const first = candidate(server, 'a', () => nowMs);
    const answer = server.send.bind(server);
    server.send = async (request) => {
      const answered = await answer(request);
      if (request.method === 'POST') nowMs += 400;
      return answered;
    };
    await wins(first);
    server.send = async () => {
      throw new Error('unreachable');
    };
    expect(await first.keep(AbortSignal.timeout(2000))).toBe('lost');
  });

  test('a released lease is free at once', async () => {
    const server = new LeaseServer();
    const first = candidate(server, 'a');
    await wins(first);
    await first.release();
    expect(await wins(candidate(server, 'b'))).toBe(true);
  });

  test('refuses time spans that contradict each other', () => {
    const options = { namespace: 'n', name: 'l', identity: 'a', now: Date.now, random: Math.random };
    const build = () => new LeaderElection(new LeaseServer(), { ...options, renewDeadlineSeconds: 20 });
    expect(build).toThrow(RangeError);
  });
});
