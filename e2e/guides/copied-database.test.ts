import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect } from '@jest/globals';
import { Authenticator } from '../../auth-api/integration/harness/authenticator.ts';
import { waitUntilReady } from '../../dev/kubernetes/auth-cluster.ts';
import { forwardPort } from '../../dev/kubernetes/gateway.ts';
import { AuthClient, type Credentials, loggedInUser } from '../support/auth-client.ts';
import { AUTH_CLUSTERS, kubectl, NAME, NAMESPACE, sampleAuthCluster } from '../support/cluster.ts';
import { clusterTest } from '../support/cluster-test.ts';
import { eventually } from '../support/eventually.ts';
import { applyIn } from '../support/external-servers.ts';
import { gatewayClient, SET_UP_TIMEOUT_MS } from '../support/gateway-client.ts';
import { guideBlocks, runGuide } from '../support/guide.ts';
import { secret } from '../support/secret.ts';

const PAGE = 'change-the-database.md';
/** As the guide calls it. */
const NEXT = 'next';
/** Of the Service of the auth API. */
const API_PORT = 8080;
const INSTANCE = `app.kubernetes.io/instance=${NEXT}`;

const client = gatewayClient();
afterAll(async () => {
  await kubectl.run(['delete', '-n', NAMESPACE, AUTH_CLUSTERS, NEXT, '--ignore-not-found', '--timeout', '120s']);
  await kubectl.run(['delete', 'pvc,secret,configmap', '-n', NAMESPACE, '-l', INSTANCE, '--timeout', '60s']);
}, SET_UP_TIMEOUT_MS);

async function post(url: string, body: object, token = ''): Promise<Record<string, string>> {
  const headers = { 'content-type': 'application/json', ...(token === '' ? {} : { authorization: `Bearer ${token}` }) };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.text();
  return text === '' ? {} : JSON.parse(text);
}

async function userWithSecondFactor(): Promise<{ credentials: Credentials; telephone: Authenticator }> {
  const { credentials, tokens } = await loggedInUser(client);
  const { secret: shared = '' } = await post(`${client.url}/v1/me/second-factor`, {}, tokens.access_token);
  const telephone = new Authenticator(shared);
  const code = await telephone.nextCode();
  await post(`${client.url}/v1/me/second-factor/confirm`, { code }, tokens.access_token);
  return { credentials, telephone };
}

/** As little as has a database to copy into. */
async function applyNext(): Promise<void> {
  const { apiVersion, kind, spec } = await sampleAuthCluster();
  const postgres = { ...spec.postgres, readReplicas: 0 };
  const redis = { ...spec.redis, replicasPerShard: 0 };
  const small = { ...spec, gateway: { enabled: false }, postgres, redis };
  const next = { apiVersion, kind, metadata: { name: NEXT }, spec: small };
  await applyIn(NAMESPACE, next);
  await waitUntilReady(kubectl, NAMESPACE, NEXT, { timeoutSeconds: 480 });
}

describe('a database that is copied into another AuthCluster', () => {
  clusterTest(
    'has its users log in there, by their second factor too',
    async () => {
      const { credentials, telephone } = await userWithSecondFactor();
      const folder = await mkdtemp(join(tmpdir(), 'authcluster-copy-'));
      const [keys = '', copy = ''] = await guideBlocks(PAGE, 'Copy it into another AuthCluster', 'sh');
      await runGuide(keys, folder);
      expect(await secret(`${NEXT}-signing-keys`)).toEqual(await secret(`${NAME}-signing-keys`));
      await applyNext();
      await runGuide(copy, folder);
      const there = await forwardPort(kubectl, NAMESPACE, `service/${NEXT}-api`, API_PORT);
      try {
        await eventually(
          async () => expect((await new AuthClient(there.url).login(credentials)).status).toBe(403),
          120,
        );
        const { mfa_token } = await post(`${there.url}/v1/login`, credentials);
        const code = await telephone.nextCode();
        expect(await post(`${there.url}/v1/login/mfa`, { mfa_token, code })).toHaveProperty('access_token');
      } finally {
        there.close();
      }
    },
    900,
  );
});
