import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { makeCertificates } from '../../dev/containers/certificates.ts';
import { waitUntilReady } from '../../dev/kubernetes/auth-cluster.ts';
import { CHART } from '../../dev/kubernetes/operator-release.ts';
import { INTRODUCTION } from '../../dev/markdown.ts';
import { AUTH_CLUSTERS, changeSpec, kubectl, NAME, NAMESPACE } from '../support/cluster.ts';
import { clusterTest } from '../support/cluster-test.ts';
import { eventually } from '../support/eventually.ts';
import { condition } from '../support/exposed.ts';
import { applyIn } from '../support/external-servers.ts';
import { gatewayClient } from '../support/gateway-client.ts';
import { blocksAsWritten, guideBlocks, runGuide } from '../support/guide.ts';
import { helmUpgrade } from '../support/operator-release.ts';

const AUTH_CLUSTER = { apiVersion: 'authcluster.dev/v1alpha1', kind: 'AuthCluster' };

const client = gatewayClient();
/** What the guides take for granted lies here: passwords, certificates, manifests of the reader's. */
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'authcluster-guides-'));
  const { ca, certificate, key } = await makeCertificates(folder, ['auth.example.com']);
  const files = { password: 'a word', 'global-bundle.pem': ca, '…': ca, 'tls.crt': certificate, 'tls.key': key };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
});

async function follow(page: string, heading: string): Promise<string> {
  return runGuide((await guideBlocks(page, heading, 'sh')).join(''), folder);
}

/** The first YAML of a section. */
async function declared(page: string, heading: string): Promise<{ spec: object }> {
  const [block = ''] = await blocksAsWritten(page, heading, 'yaml');
  return parse(block);
}

async function ready(): Promise<void> {
  await waitUntilReady(kubectl, NAMESPACE, NAME, { timeoutSeconds: 300 });
}

function degradedBy(reason: string): Promise<void> {
  return eventually(async () => expect((await condition('Degraded'))?.reason).toBe(reason), 120);
}

function remove(...objects: string[]): Promise<string> {
  return kubectl.run(['delete', '-n', NAMESPACE, ...objects, '--ignore-not-found']);
}

describe('an AuthCluster is given', () => {
  clusterTest('pages in browsers that may ask it', async () => {
    await follow('use-from-a-browser.md', 'Allow your pages');
    await ready();
    const headers = { origin: 'https://app.example.com', 'access-control-request-method': 'POST' };
    const answer = await fetch(`${client.url}/v1/login`, { method: 'OPTIONS', headers });
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    await changeSpec({ api: { browsers: null } });
  });

  clusterTest('a way to send mail, and texts', async () => {
    const page = 'let-users-recover.md';
    await changeSpec((await declared(page, 'Send mail')).spec);
    await degradedBy('SecretMissing');
    const [forSmtp = '', forWebhook = ''] = await guideBlocks(page, 'Send mail', 'sh');
    await runGuide(forSmtp, folder);
    await ready();
    await remove('secret/shop-mail');
    // Not what SMTP takes: that it is told shows that it was read.
    await runGuide(forWebhook, folder);
    await degradedBy('SecretIncomplete');
    await remove('secret/shop-mail');
    await runGuide(forSmtp, folder);
    await mkdir(join(folder, 'texts'));
    await writeFile(join(folder, 'texts', 'reset_password.en.txt'), 'Subject: Your password\n\n{{link}}\n');
    await changeSpec({ api: { mail: await declared(page, 'Write your own texts') } });
    await follow(page, 'Write your own texts');
    await ready();
    await changeSpec({ api: { mail: null, serviceName: null } });
    await remove('secret/shop-mail', 'configmap/shop-mail-texts');
  });

  clusterTest('a collector that takes its traces, and the operator, too', async () => {
    const page = 'send-traces.md';
    await follow(page, INTRODUCTION);
    await changeSpec((await declared(page, INTRODUCTION)).spec);
    await ready();
    await changeSpec({ api: { tracing: null } });
    await remove('secret/collector');
    await runGuide((await guideBlocks(page, 'Of the operator', 'sh')).join(''));
    await kubectl.run(['rollout', 'status', '-n', 'authcluster-system', 'deployment/authcluster-operator']);
    await helmUpgrade(CHART);
    await ready();
  });

  clusterTest('the administrator of a load test', async () => {
    await follow('run-a-load-test.md', 'Users');
    await changeSpec({ api: { bootstrapAdmin: null } });
    await remove('secret/load-administrator');
    await ready();
  });

  clusterTest('a network policy of somebody else, and is looked at', async () => {
    const [policy = ''] = await blocksAsWritten('restrict-the-network.md', 'Let something else in or out', 'yaml');
    const here = policy.replace('namespace: auth ', `namespace: ${NAMESPACE} `);
    await kubectl.run(['apply', '--dry-run=server', '-f', '-'], here);
    await fetch(`${client.url}/v1/me`);
    expect(await follow('expose-the-gateway.md', 'Whose request it is')).toContain('"client":');
    await follow('expose-the-gateway.md', 'Before a change serves');
  });
});

describe('an AuthCluster of external servers', () => {
  const DATABASE = 'use-an-external-database.md';
  const REDIS = 'use-an-external-redis.md';

  clusterTest('is declared as the guides have it, and says what it cannot reach', async () => {
    await follow(DATABASE, '2. Bring the logins and the authority into the namespace');
    await follow(REDIS, '2. Declare it');
    const { postgres } = (await declared(DATABASE, '3. Declare it')).spec as { postgres: object };
    const { redis } = (await declared(REDIS, '2. Declare it')).spec as { redis: object };
    const external = { ...AUTH_CLUSTER, metadata: { name: 'external' }, spec: { postgres, redis } };
    await applyIn(NAMESPACE, external);
    await eventually(async () => {
      expect(await follow(DATABASE, '4. See that it works')).toContain('auth.abc.eu-central-1.rds.amazonaws.com');
    }, 180);
    await remove(`${AUTH_CLUSTERS}/external`);
    await remove('secret/auth-db-app', 'secret/auth-db-migrator', 'configmap/auth-db-ca');
    await remove('secret/auth-redis', 'configmap/auth-redis-ca');
  });
});

describe('a tenant', () => {
  const PAGE = 'serve-several-tenants.md';

  clusterTest('gets a namespace, a quota and an AuthCluster', async () => {
    const [quota = ''] = await blocksAsWritten(PAGE, 'What a tenant may take', 'yaml');
    // Asleep: it is the commands that are tried here.
    const asleep = { ...AUTH_CLUSTER, metadata: { name: 'tenant' }, spec: { hibernated: true } };
    await writeFile(join(folder, 'quota.yaml'), quota);
    await writeFile(join(folder, 'authcluster.yaml'), stringify(asleep));
    try {
      await follow(PAGE, 'Set a tenant up');
      const used = await kubectl.run(['get', 'resourcequota', 'tenant', '-n', 'tenant-a', '-o', 'yaml']);
      expect(parse(used).spec).toEqual(parse(quota).spec);
      await kubectl.run(['get', '-n', 'tenant-a', AUTH_CLUSTERS, 'tenant']);
    } finally {
      await kubectl.run(['delete', 'namespace', 'tenant-a', '--timeout', '120s']);
    }
  });
});

describe('runbooks', () => {
  const about = `NS=${NAMESPACE} NAME=${NAME}\n`;

  for (const page of [
    '../runbooks/AuthClusterGatewayDown.md',
    '../runbooks/AuthClusterNotReady.md',
    '../runbooks/AuthClusterReplicationLag.md',
  ]) {
    clusterTest(`${page} shows how to confirm it`, async () => {
      const [confirm = ''] = await guideBlocks(page, 'Confirm', 'sh');
      expect(await runGuide(about + confirm, folder)).toContain(NAME);
    });
  }

  clusterTest('tell when a certificate expires', async () => {
    const [confirm = ''] = await guideBlocks('../runbooks/AuthClusterCertificateExpires.md', 'Confirm', 'sh');
    const made = `kubectl create secret tls expires -n ${NAMESPACE} --cert=tls.crt --key=tls.key\n`;
    const commands = about + made + confirm.replace('SECRET', 'expires');
    expect(await runGuide(commands, folder)).toMatch(/^notAfter=/m);
    await remove('secret/expires');
  });
});
