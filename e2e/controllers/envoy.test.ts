import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import type { GatewayAddress } from '../../dev/kubernetes/gateway.ts';
import { loggedInUser, type Tokens } from '../support/auth-client.ts';
import { INSTANCE, kubectl, NAMESPACE } from '../support/cluster.ts';
import { clusterTest, withDiagnosis } from '../support/cluster-test.ts';
import { type Asked, removeEnvoy, startEnvoy } from '../support/envoy.ts';
import { eventually } from '../support/eventually.ts';
import { gatewayClient, SET_UP_TIMEOUT_MS } from '../support/gateway-client.ts';
import { grantPermission, removePermission } from '../support/grants.ts';

/** As the guide has it. */
const PERMISSION = 'orders.read';
/** Until caches know of a grant. */
const KNOWN_SECONDS = 60;

const client = gatewayClient();
let envoy: GatewayAddress;
let permitted: Tokens;
let other: Tokens;

beforeAll(
  () =>
    withDiagnosis(async () => {
      envoy = await startEnvoy();
      other = (await loggedInUser(client)).tokens;
      const { credentials, tokens } = await loggedInUser(client);
      permitted = tokens;
      await grantPermission(credentials.username, PERMISSION);
      await eventually(async () => expect((await ask('/')).status).toBe(200), KNOWN_SECONDS);
    }),
  SET_UP_TIMEOUT_MS,
);
afterAll(async () => {
  envoy?.close();
  await removeEnvoy();
  await removePermission(PERMISSION);
}, SET_UP_TIMEOUT_MS);

interface Request extends RequestInit {
  /** Nobody's where it is null. */
  tokens?: Tokens | null;
  headers?: Record<string, string>;
}

function ask(path: string, { tokens = permitted, headers = {}, ...rest }: Request = {}): Promise<Response> {
  const authorization = tokens === null ? {} : { authorization: `Bearer ${tokens.access_token}` };
  const signal = AbortSignal.timeout(15_000);
  return fetch(`${envoy.url}${path}`, { ...rest, signal, headers: { ...authorization, ...headers } });
}

describe('a service behind Envoy', () => {
  clusterTest('is told who asks, in place of what the client says of itself', async () => {
    const claimed = { 'x-auth-user': 'root', 'x-auth-client': 'billing', 'x-auth-roles': 'administrator' };
    const response = await ask('/orders/1', { headers: claimed });
    expect(response.status).toBe(200);
    const { headers } = (await response.json()) as Asked;
    const { sub, sid } = JSON.parse(Buffer.from(permitted.access_token.split('.')[1] ?? '', 'base64url').toString());
    expect(headers).toMatchObject({
      'x-auth-user': sub,
      'x-auth-session': sid,
      'x-auth-client': '',
      'x-auth-roles': '',
    });
  });

  clusterTest('gets requests as they were sent, whatever their query means elsewhere', async () => {
    const response = await ask('/orders?permission=orders.delete', { method: 'POST', body: '{"count":1}' });
    expect(await response.json()).toMatchObject({
      method: 'POST',
      url: '/orders?permission=orders.delete',
      body: '{"count":1}',
    });
  });

  clusterTest('gets none without a good token; the client is told how it should ask', async () => {
    for (const authorization of [undefined, 'Bearer made-up']) {
      const response = await ask('/orders/1', { tokens: null, ...(authorization && { headers: { authorization } }) });
      expect([response.status, await response.text()]).toEqual([401, '']);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
  });

  clusterTest('gets none of somebody without the permission, nor of whom names another one', async () => {
    expect((await ask('/orders/1', { tokens: other })).status).toBe(403);
    const headers = { 'x-auth-permission': '' };
    expect((await ask('/orders/1', { tokens: other, headers })).status).toBe(403);
  });

  clusterTest('gets none by a path that would be a public document of the gateway', async () => {
    // Each pod of the gateway has it in its cache then.
    for (const _ of Array(20)) await fetch(`${client.url}/openapi.json`);
    for (const path of ['/orders/..%2f..%2fopenapi.json', '/..%2fopenapi.json', '/..%2fhealth']) {
      expect((await ask(path, { tokens: null, headers: { 'x-auth-user': 'root' } })).status).toBe(401);
    }
  });

  clusterTest('gets none while no auth API can be asked, and all again when one can', async () => {
    const api = `${INSTANCE},app.kubernetes.io/component=auth-api`;
    await kubectl.run(['delete', 'pods', '-n', NAMESPACE, '-l', api, '--force', '--grace-period=0']);
    const statuses = { permitted: new Set<number>(), nobody: new Set<number>() };
    const deadline = Date.now() + KNOWN_SECONDS * 1000;
    while (Date.now() < deadline && !(statuses.permitted.has(503) && statuses.nobody.has(503))) {
      statuses.permitted.add((await ask('/orders/1')).status);
      statuses.nobody.add((await ask('/orders/1', { tokens: null })).status);
      await sleep(100);
    }
    expect([200, 503]).toEqual(expect.arrayContaining([...statuses.permitted]));
    expect([401, 503]).toEqual(expect.arrayContaining([...statuses.nobody]));
    expect(statuses.permitted).toContain(503);
    expect(statuses.nobody).toContain(503);
    await eventually(async () => expect((await ask('/orders/1')).status).toBe(200), 120);
  });
});
