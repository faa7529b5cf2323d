import { afterAll, beforeAll } from '@jest/globals';
import type { GatewayAddress } from '../../dev/kubernetes/gateway.ts';
import { AuthClient } from './auth-client.ts';
import { type Difference, openGateway, readyAuthCluster } from './cluster.ts';
import { withDiagnosis } from './cluster-test.ts';

/** For the hooks of a test file: long enough for an AuthCluster to come up on a busy machine. */
export const SET_UP_TIMEOUT_MS = 900_000;

/**
 * For a test file as a whole: before its tests the AuthCluster is Ready, with what is different from the sample; afterwards
 * the way to its gateway is closed.
 */
export function gatewayClient(difference: Difference = {}): AuthClient {
  let gateway: GatewayAddress | undefined;
  beforeAll(
    () =>
      withDiagnosis(async () => {
        await readyAuthCluster(difference);
        gateway = await openGateway();
      }),
    SET_UP_TIMEOUT_MS,
  );
  afterAll(() => gateway?.close());
  return new AuthClient(() => {
    if (gateway === undefined) throw new Error('the gateway is open only while tests of its file run');
    return gateway.url;
  });
}
