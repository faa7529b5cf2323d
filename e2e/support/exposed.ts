import { expect } from '@jest/globals';
import { parse } from 'yaml';
import { type AuthClusterObject, type Condition, waitUntilReady } from '../../dev/kubernetes/auth-cluster.ts';
import { AuthClient, loggedInUser, logIn } from './auth-client.ts';
import { authCluster, changeSpec, kubectl, NAME, NAMESPACE, readyAuthCluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { guideBlocks } from './guide.ts';
import { CLAIMED_ADDRESS, type PodClient } from './pod-client.ts';

export const GUIDE = 'expose-the-gateway.md';
/** As the guide has it. */
export const HOSTNAME = 'auth.example.com';
export const GATEWAY = `${NAME}-gateway`;
/** A route is made within a minute once the Gateway API is there, and controllers read what changed every few seconds. */
export const LED_THERE_SECONDS = 180;
const READY_TIMEOUT_SECONDS = 480;

/** The sample, which says in its tokens that it is to be found under the name. */
export function namedAuthCluster(): Promise<AuthClusterObject> {
  return readyAuthCluster({ api: { tokens: { issuer: `https://${HOSTNAME}` } } });
}

export function readyAgain(): Promise<AuthClusterObject> {
  return waitUntilReady(kubectl, NAMESPACE, NAME, { timeoutSeconds: READY_TIMEOUT_SECONDS });
}

/** The spec of the guide's section. */
export async function exposeAs(heading: string): Promise<void> {
  const blocks = (await guideBlocks(GUIDE, heading, 'yaml')).map((block) => parse(block));
  await expose(blocks.find(({ kind }) => kind === undefined).spec.gateway);
}

/** In place of how it was exposed before. */
export async function expose(gateway: { expose: object; tls?: object }): Promise<void> {
  const cleared = { className: null, annotations: null, parentRefs: null, hostnames: null, nodePort: null };
  await changeSpec({ gateway: { tls: null, ...gateway, expose: { ...cleared, ...gateway.expose } } });
}

/** Somebody logs in by name and over TLS, is let in with the token and not without, and is known by the right address. */
export async function expectServed(pod: PodClient): Promise<void> {
  const url = `https://${HOSTNAME}`;
  await eventually(async () => expect((await pod.fetch(`${url}/health`)).status).toBe(200), LED_THERE_SECONDS);
  const client = new AuthClient(url, pod.fetch);
  const { credentials } = await loggedInUser(client);
  const tokens = await logIn(client, credentials);
  const verified = await client.verify(tokens.access_token);
  expect(verified.status).toBe(200);
  // What the gateway adds where its client came over TLS.
  expect(verified.headers.get('strict-transport-security')).toContain('max-age=');
  expect((await client.verify()).status).toBe(401);
  const sessions = (await client.sessions(tokens.access_token)).body as { items: { client_address: string }[] };
  expect(sessions.items.map(({ client_address }) => client_address)).toEqual([pod.address, pod.address]);
  expect(pod.address).not.toBe(CLAIMED_ADDRESS);
  const discovered = await pod.fetch(`${url}/.well-known/openid-configuration`);
  expect(await discovered.json()).toMatchObject({ issuer: url });
}

export async function condition(type: string): Promise<Condition | undefined> {
  const { status } = await authCluster<{ conditions: Condition[] }>();
  return status.conditions.find((each) => each.type === type);
}
