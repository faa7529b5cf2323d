import { afterEach, describe, expect, test } from '@jest/globals';
import type { LiveObject } from '../kubernetes/objects.ts';
import { OperatorHarness } from '../testing/operator-harness.ts';

const MINUTE_MS = 60_000;
const HTTP_ROUTE = { type: 'HTTPRoute', parentRefs: [{ name: 'public', namespace: 'edge' }] };
const INGRESS = { type: 'Ingress', hostnames: ['auth.example.com'] };
const ADDRESS = { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } };
const accepted = (status: string) => ({ parents: [{ parentRef: {}, conditions: [{ type: 'Accepted', status }] }] });

let harness: OperatorHarness;
afterEach(() => harness.stop());

async function exposed(expose: object): Promise<void> {
  harness = new OperatorHarness({ gateway: { expose } });
  await harness.start();
  await harness.untilQuiet();
}

async function after(minutes: number): Promise<Record<string, string>> {
  harness.clock.advance(minutes * MINUTE_MS);
  await harness.untilQuiet();
  const { conditions = [] } = harness.status() ?? {};
  return Object.fromEntries(
    conditions.map(({ type, status, reason, message }) => [type, `${status} ${reason}: ${message}`]),
  );
}

/** What a controller writes. */
async function answer(plural: string, status: object): Promise<void> {
  harness.server.put({ ...harness.server.find(plural, 'acme-gateway'), status } as LiveObject, plural);
}

describe('what is to lead clients to the gateway', () => {
  test.each([
    [
      'a load balancer',
      { type: 'LoadBalancer' },
      'services',
      ADDRESS,
      'something makes load balancers in this cluster',
    ],
    [
      'one of a class',
      { type: 'LoadBalancer', className: 'x.test/lb' },
      'services',
      ADDRESS,
      'for the class x.test/lb',
    ],
    ['an Ingress without a class', INGRESS, 'ingresses', ADDRESS, 'set gateway.expose.className'],
    ['an HTTPRoute', HTTP_ROUTE, 'httproutes', accepted('True'), 'edge/public is there'],
  ])(
    'and nobody serves is told after minutes, and costs Ready nothing: %s',
    async (_, expose, plural, status, next) => {
      await exposed(expose);
      expect(await after(4)).toMatchObject({ Degraded: expect.stringMatching(/^False AsDeclared/) });
      const conditions = await after(2);
      expect(conditions).toMatchObject({
        Ready: 'True Ready: every tier is as declared',
        Degraded: expect.stringMatching(/^True GatewayNotExposed/),
        GatewayReady: expect.stringMatching(/^True GatewayNotExposed/),
      });
      expect(conditions.Degraded).toContain(next);
      await answer(plural, status);
      expect(await after(0)).toMatchObject({ Degraded: expect.stringMatching(/^False AsDeclared/) });
      expect(harness.events.filter(({ reason }) => reason === 'GatewayNotExposed')).toEqual([]);
    },
  );

  test.each([
    { ...INGRESS, className: 'traefik' },
    { ...INGRESS, annotations: { 'kubernetes.io/ingress.class': 'traefik' } },
  ])('may be served by a controller that publishes no address: %j', async (expose) => {
    await exposed(expose);
    expect(await after(6)).toMatchObject({
      Degraded: expect.stringMatching(/^False AsDeclared/),
      GatewayReady: expect.stringMatching(/^True Ready: .* Ingress acme-gateway has no address: .* class traefik /),
    });
  });

  test('is given its time again where it is another', async () => {
    await exposed({ type: 'LoadBalancer' });
    expect((await after(6)).Degraded).toMatch(/^True/);
    harness.change({ gateway: { expose: HTTP_ROUTE } });
    expect((await after(0)).Degraded).toMatch(/^False/);
    expect((await after(6)).Degraded).toMatch(/^True GatewayNotExposed: HTTPRoute/);
  });

  test('and was told by a process before is told on', async () => {
    await exposed({ type: 'LoadBalancer' });
    await after(6);
    harness.restart();
    expect((await after(0)).Degraded).toMatch(/^True GatewayNotExposed/);
  });

  test.each([{ type: 'ClusterIP' }, { type: 'NodePort' }])('needs nobody to serve it: %j', async (expose) => {
    await exposed(expose);
    expect((await after(60)).Degraded).toMatch(/^False AsDeclared/);
  });

  test('is for its Gateway to refuse, which is told otherwise', async () => {
    await exposed(HTTP_ROUTE);
    const { generation } = harness.server.find('httproutes', 'acme-gateway')?.metadata ?? {};
    const conditions = [{ type: 'Accepted', status: 'False', reason: 'NotAllowed', observedGeneration: generation }];
    await answer('httproutes', { parents: [{ parentRef: { name: 'public', namespace: 'edge' }, conditions }] });
    harness.clock.advance(6 * MINUTE_MS);
    await harness.pass().catch(() => undefined);
    const degraded = harness.status()?.conditions?.find(({ type }) => type === 'Degraded');
    expect(degraded).toMatchObject({ status: 'True', reason: 'RouteRefused' });
  });
});
