import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ApiError } from '../kubernetes/errors.ts';
import { OperatorHarness } from '../testing/operator-harness.ts';

const HTTP_ROUTE = { gateway: { expose: { type: 'HTTPRoute', parentRefs: [{ name: 'public' }] } } };

let harness: OperatorHarness;
afterEach(() => harness.stop());

describe('where the Gateway API is not installed', () => {
  const begin = async (spec: object) => {
    harness = new OperatorHarness(spec);
    harness.server.intercept = (request) => {
      if (request.path.includes('/httproutes')) throw new ApiError(request, 404, '{}');
    };
    await harness.start();
  };

  test('an AuthCluster that does not ask for it comes up', async () => {
    await begin({});
    await harness.untilQuiet();
    expect(harness.condition('Ready')).toBe('True');
  });

  test('one that does says what is missing, and its gateway serves all the same', async () => {
    await begin(HTTP_ROUTE);
    for (let passes = 0; passes < 12; passes++) {
      harness.runWorkloads();
      await harness.pass().catch(() => undefined);
    }
    expect(harness.status()?.conditions).toContainEqual(
      expect.objectContaining({
        ...{ type: 'GatewayReady', status: 'True', reason: 'ExtensionMissing' },
        message: expect.stringContaining('the Gateway API is not installed in this cluster: install it'),
      }),
    );
    expect(harness.condition('Ready')).toBe('False');
    expect(harness.server.find('deployments', 'acme-gateway')).toBeDefined();
  });
});

describe('where the Prometheus Operator is being taken away', () => {
  const definitionsGo = (status: number) => {
    harness.server.intercept = (request) => {
      const isWrite = request.method !== 'GET' && /\/(podmonitors|prometheusrules)\//.test(request.path);
      if (isWrite) throw new ApiError(request, status, '404 page not found');
    };
  };
  beforeEach(async () => {
    harness = new OperatorHarness({ monitoring: { enabled: true } });
    await harness.start();
  });

  // 405: while what is left of a kind is deleted, nothing new can be made.
  test.each([404, 405])('monitoring that is still on is no failure (%i)', async (status) => {
    definitionsGo(status);
    await harness.untilQuiet();
    expect(harness.condition('Ready')).toBe('True');
    expect(harness.condition('Degraded')).toBe('False');
  });

  test('monitoring that is turned off is no failure', async () => {
    await harness.untilQuiet();
    expect(harness.server.find('podmonitors', 'acme')).toBeDefined();
    definitionsGo(404);
    harness.change({ monitoring: { enabled: false } });
    await harness.pass();
    await harness.untilQuiet();
    expect(harness.condition('Degraded')).toBe('False');
  });
});
