import { afterEach, describe, expect, test } from '@jest/globals';
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
