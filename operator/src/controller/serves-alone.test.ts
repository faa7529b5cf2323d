import { expect, test } from '@jest/globals';
import { ObjectCache } from '../kubernetes/cache.ts';
import type { EndpointSlice } from '../kubernetes/objects.ts';
import { clusterWith } from '../testing/sample-clusters.ts';
import { servesAlone } from './observe.ts';

type Endpoints = EndpointSlice['endpoints'];

const to = (name: string, ready = true) => ({ conditions: { ready }, targetRef: { kind: 'Pod', name } });

/** Whether the Service `db`, with these slices, sends connections to pod `b` alone. */
function serves(...slices: Endpoints[]): boolean {
  const never = async () => {
    throw new Error('not watched here');
  };
  const kinds = [{ kind: 'EndpointSlice' }];
  const options = { kinds, namespaces: [], now: () => 0, random: () => 0, onProblem: () => undefined };
  const cache = new ObjectCache({ send: never, stream: never }, options);
  for (const [index, endpoints] of slices.entries()) {
    const labels = { 'app.kubernetes.io/instance': 'acme', 'kubernetes.io/service-name': 'db' };
    const metadata = { name: `db-${index}`, namespace: 'auth', uid: `${index}`, resourceVersion: '1', labels };
    const slice = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata, endpoints } as EndpointSlice;
    cache.store('EndpointSlice').put(slice);
  }
  return servesAlone(cache, clusterWith({}), 'db', 'b');
}

test.each<[string, boolean, Endpoints[]]>([
  ['it is the only one', true, [[to('b')]]],
  ['the other one is not ready', true, [[to('a', false), to('b')]]],
  ['a slice has none, which Kubernetes writes as null', true, [null, [to('b')]]],
  ['the other one is still there', false, [[to('a'), to('b')]]],
  ['the other one is in another slice', false, [[to('a')], [to('b')]]],
  ['there is none', false, [null]],
  ['it is not ready', false, [[to('b', false)]]],
])('a Service that is to serve one pod alone: %s', (_when, expected, slices) => {
  expect(serves(...slices)).toBe(expected);
});
