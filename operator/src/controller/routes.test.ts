import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ApiError } from '../kubernetes/errors.ts';
import type { LiveObject } from '../kubernetes/objects.ts';
import { OperatorHarness } from '../testing/operator-harness.ts';

const HTTP_ROUTE = { gateway: { expose: { type: 'HTTPRoute', parentRefs: [{ name: 'public', namespace: 'edge' }] } } };

let harness: OperatorHarness;
beforeEach(async () => {
  harness = new OperatorHarness({ gateway: { expose: { type: 'Ingress', hostnames: ['auth.example.com'] } } });
  await harness.start();
  await harness.untilQuiet();
});
afterEach(() => harness.stop());

const find = (plural: string) => harness.server.find(plural, 'acme-gateway');

/** What a Gateway's controller writes. */
function answer(status: 'True' | 'False', observedGeneration?: number): void {
  const route = find('httproutes') as LiveObject;
  const { generation } = route.metadata;
  const accepted = { type: 'Accepted', status, reason: 'NotAllowedByListeners', message: 'no listener allows it' };
  const conditions = [{ ...accepted, observedGeneration: observedGeneration ?? generation }];
  const parents = [{ parentRef: { name: 'public', namespace: 'edge' }, conditions }];
  harness.server.put({ ...route, status: { parents } } as LiveObject, 'httproutes');
}

describe('an HTTPRoute in place of an Ingress', () => {
  test('that cannot be made leaves the Ingress until it is, and a Gateway has taken it', async () => {
    harness.server.intercept = (request) => {
      if (request.path.includes('/httproutes')) throw new ApiError(request, 500, '{}');
    };
    harness.change(HTTP_ROUTE);
    await harness.pass().catch(() => undefined);
    expect(find('ingresses')).toBeDefined();
    harness.server.intercept = () => undefined;
    await harness.untilQuiet();
    expect(find('ingresses')).toBeDefined();
    answer('True');
    await harness.untilQuiet();
    expect(find('httproutes')).toBeDefined();
    expect(find('ingresses')).toBeUndefined();
  });

  test('that its Gateway refuses leaves the Ingress, and is told with the words of the Gateway', async () => {
    harness.change(HTTP_ROUTE);
    await harness.untilQuiet();
    answer('False');
    await harness.pass().catch(() => undefined);
    expect(find('ingresses')).toBeDefined();
    const degraded = harness.status()?.conditions?.find(({ type }) => type === 'Degraded');
    expect(degraded).toMatchObject({ status: 'True', reason: 'RouteRefused' });
    expect(degraded?.message).toContain('Gateway edge/public says that Accepted is False (NotAllowedByListeners)');
    expect(harness.condition('Ready')).toBe('False');
    answer('True');
    await harness.untilQuiet();
    expect(find('ingresses')).toBeUndefined();
    expect(harness.condition('Degraded')).toBe('False');
    expect(harness.condition('Ready')).toBe('True');
  });

  test('is not judged by what was said of an earlier version of it', async () => {
    harness.change(HTTP_ROUTE);
    await harness.untilQuiet();
    answer('False', -1);
    await harness.untilQuiet();
    expect(harness.condition('Degraded')).toBe('False');
  });
});
