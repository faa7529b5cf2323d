import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect } from '@jest/globals';
import { waitUntilReady } from '../../dev/kubernetes/auth-cluster.ts';
import { type Credentials, loggedInUser, logIn } from '../support/auth-client.ts';
import { kubectl, NAME, NAMESPACE } from '../support/cluster.ts';
import { clusterTest } from '../support/cluster-test.ts';
import { eventually } from '../support/eventually.ts';
import { gatewayClient } from '../support/gateway-client.ts';
import { guideBlocks, runGuide } from '../support/guide.ts';
import { secret } from '../support/secret.ts';

const client = gatewayClient();

/** The blocks of a section, one after another; resolves with what they print. */
async function follow(page: string, heading: string): Promise<string> {
  return runGuide((await guideBlocks(page, heading, 'sh')).join(''));
}

/** They do at different times; until then one refuses what another has signed. */
async function everyPodHasReadTheKeys(credentials: Credentials): Promise<void> {
  await eventually(async () => {
    // An account may try ten logins a minute.
    await sleep(10_000);
    const { access_token } = await logIn(client, credentials);
    const checks = await Promise.all(Array.from({ length: 12 }, () => client.verify(access_token)));
    expect(checks.filter(({ status }) => status !== 200)).toEqual([]);
  }, 180);
}

describe('keys and credentials', () => {
  clusterTest('the signing key is rotated, and one that leaked is replaced', async () => {
    const page = 'rotate-the-signing-key.md';
    const { credentials, tokens } = await loggedInUser(client);
    await follow(page, 'Ask for it');
    await eventually(async () => expect(await follow(page, 'Ask for it')).toContain('"stage"'), 60);
    const { 'derivation.key': kept } = await secret(`${NAME}-signing-keys`);
    await follow(page, 'A key that leaked');
    expect((await secret(`${NAME}-signing-keys`))['derivation.key']).toBe(kept);
    await eventually(async () => expect((await client.verify(tokens.access_token)).status).toBe(401), 240);
    await everyPodHasReadTheKeys(credentials);
  });

  clusterTest(
    'the credentials are rotated',
    async () => {
      await follow('rotate-credentials.md', 'Ask for it');
      await follow('rotate-credentials.md', 'What happens');
      await waitUntilReady(kubectl, NAMESPACE, NAME, { timeoutSeconds: 600 });
    },
    1800,
  );
});
