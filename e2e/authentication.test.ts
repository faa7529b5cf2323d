import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import type { GatewayAddress } from '../dev/kubernetes/gateway.ts';
import { AuthClient, loggedInUser, randomCredentials, type Tokens } from './support/auth-client.ts';
import { openGateway, readyAuthCluster } from './support/cluster.ts';
import { clusterTest, withDiagnosis } from './support/cluster-test.ts';
import { eventually } from './support/eventually.ts';

const REVOCATION_SECONDS = 5;
let gateway: GatewayAddress;
let client: AuthClient;

beforeAll(
  () =>
    withDiagnosis(async () => {
      await readyAuthCluster();
      gateway = await openGateway();
      client = new AuthClient(gateway.url);
    }),
  600_000,
);
afterAll(() => gateway?.close());

describe('through the gateway of an applied sample', () => {
  clusterTest('a registered user logs in and learns who it is', async () => {
    const { credentials, tokens } = await loggedInUser(client);
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: expect.any(Number) });
    expect(await client.me(tokens.access_token)).toMatchObject({
      status: 200,
      body: { username: credentials.username },
    });
  });

  clusterTest('a wrong password and an unknown user get the same refusal', async () => {
    const { credentials } = await loggedInUser(client);
    const wrongPassword = await client.login({ ...credentials, password: randomCredentials().password });
    const unknownUser = await client.login(randomCredentials());
    expect(wrongPassword.status).toBe(401);
    expect(unknownUser).toMatchObject({ status: 401, body: wrongPassword.body });
  });

  clusterTest('verify accepts an access token, and nothing else', async () => {
    const { tokens } = await loggedInUser(client);
    const accepted = await client.verify(tokens.access_token);
    expect(accepted.status).toBe(200);
    expect(accepted.headers.get('x-auth-user')).toBeTruthy();
    const refusals = [
      await client.verify(),
      await client.verify('no.such.token'),
      await client.verify(tokens.refresh_token),
    ];
    expect(refusals.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(refusals[0]?.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  clusterTest('refresh gives new tokens that work', async () => {
    const { tokens } = await loggedInUser(client);
    const answer = await client.refresh(tokens.refresh_token);
    expect(answer.status).toBe(200);
    const refreshed = answer.body as Tokens;
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token);
    expect((await client.verify(refreshed.access_token)).status).toBe(200);
  });

  clusterTest('after log out neither token is accepted', async () => {
    const { tokens } = await loggedInUser(client);
    expect((await client.verify(tokens.access_token)).status).toBe(200);
    expect((await client.logout(tokens)).status).toBeLessThan(300);
    await eventually(
      async () => expect((await client.verify(tokens.access_token)).status).toBe(401),
      REVOCATION_SECONDS,
    );
    expect((await client.refresh(tokens.refresh_token)).status).toBeGreaterThanOrEqual(400);
  });
});
