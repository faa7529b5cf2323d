import { afterAll, beforeAll } from '@jest/globals';
import type { GatewayAddress } from '../../dev/kubernetes/gateway.ts';
import { AuthClient } from './auth-client.ts';
import { openGateway, readyAuthCluster } from './cluster.ts';
import { withDiagnosis } from './cluster-test.ts';

/** For the hooks of a test file: long enough for an AuthCluster to come up on a busy machine. */
export const SET_UP_TIMEOUT_MS = 900_000;

/**
 * For a test file as a whole: before its tests the AuthCluster is Ready, and what `prepare` makes of it; afterwards the way
 * to its gateway is closed.
 */
export function gatewayClient(prepare: () => Promise<unknown> = async () => undefined): AuthClient {
  let gateway: GatewayAddress | undefined;
  beforeAll(
    () =>
      withDiagnosis(async () => {
        await readyAuthCluster();
        await prepare();
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
