import { setImmediate as settled } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { ApiError } from './errors.ts';
import { createEventRecorder, type EventNote } from './events.ts';
import type { LiveObject } from './objects.ts';
import type { ApiRequest } from './transport.ts';

const CLUSTER: LiveObject = {
  apiVersion: 'authcluster.dev/v1alpha1',
  kind: 'AuthCluster',
  metadata: { name: 'x', namespace: 'n', uid: 'u', resourceVersion: '1' },
};
const NOTE: EventNote = { type: 'Warning', reason: 'StepFailed', action: 'Reconcile', note: 'exceeded quota' };

function recorder(answer: (request: ApiRequest) => Promise<unknown> = async () => ({})) {
  const requests: ApiRequest[] = [];
  let nowMs = 1_000_000;
  const transport = {
    send: (request: ApiRequest) => {
      requests.push(request);
      return answer(request);
    },
    stream: async () => {
      throw new Error('not here');
    },
  };
  const events = createEventRecorder(transport, { instance: 'pod', now: () => nowMs });
  return { events, requests, later: (ms: number) => (nowMs += ms) };
}

describe('the event recorder', () => {
  test('creates an event with the time as the API server wants it', () => {
    const { events, requests } = recorder();
    events.record(CLUSTER, NOTE);
    expect(requests).toMatchObject([{ method: 'POST', path: '/apis/events.k8s.io/v1/namespaces/n/events' }]);
    expect(requests[0]?.body).toMatchObject({
      eventTime: expect.stringMatching(/\.\d{6}Z$/),
      regarding: { kind: 'AuthCluster', name: 'x', uid: 'u' },
      note: 'exceeded quota',
    });
  });

  test('counts repetitions instead of writing more events', async () => {
    const { events, requests } = recorder();
    for (let times = 0; times < 3; times++) {
      events.record(CLUSTER, NOTE);
      await settled();
    }
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'PATCH']);
    expect(requests[2]?.body).toMatchObject({ series: { count: 3 } });
  });

  test('has no repetition overtake the first occurrence, which would make one event more', async () => {
    const { promise: written, resolve: write } = Promise.withResolvers<void>();
    const { events, requests } = recorder(({ method }) => (method === 'POST' ? written : Promise.resolve()));
    events.record(CLUSTER, NOTE);
    events.record(CLUSTER, NOTE);
    await settled();
    expect(requests.map(({ method }) => method)).toEqual(['POST']);
    write();
    await settled();
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'PATCH']);
  });

  test('begins again once, however many repetitions find that the event is gone', async () => {
    const there = new Set<string>();
    const { events, requests, later } = recorder(async ({ method, path, body }) => {
      if (method === 'POST') there.add((body as LiveObject).metadata.name);
      else if (!there.has(path.split('/').at(-1) ?? '')) throw new ApiError({ method, path }, 404, '{}');
    });
    events.record(CLUSTER, NOTE);
    await settled();
    there.clear();
    later(60_000);
    for (let times = 0; times < 3; times++) events.record(CLUSTER, NOTE);
    await settled();
    expect(requests.filter(({ method }) => method === 'POST')).toHaveLength(2);
  });

  test('begins anew after an hour, and for another object or another message', () => {
    const { events, requests, later } = recorder();
    events.record(CLUSTER, NOTE);
    events.record(CLUSTER, { ...NOTE, note: 'something else' });
    events.record({ ...CLUSTER, metadata: { ...CLUSTER.metadata, uid: 'other' } }, NOTE);
    later(3_600_001);
    events.record(CLUSTER, NOTE);
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST', 'POST']);
  });

  test('shortens a note to what the API server takes', () => {
    const { events, requests } = recorder();
    events.record(CLUSTER, { ...NOTE, note: 'ä'.repeat(5000) });
    const [request] = requests;
    const { note } = (request?.body ?? {}) as EventNote;
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
    expect(note).toMatch(/ä…$/);
  });
});
