import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { stringify } from 'yaml';
import { waitUntilReady } from '../../dev/kubernetes/auth-cluster.ts';
import type { KubernetesObject } from '../../dev/kubernetes/kubectl.ts';
import { INTRODUCTION } from '../../dev/markdown.ts';
import { loggedInUser } from '../support/auth-client.ts';
import { authCluster, changeSpec, kubectl, NAME, NAMESPACE, readyAuthCluster } from '../support/cluster.ts';
import { clusterTest } from '../support/cluster-test.ts';
import { eventually } from '../support/eventually.ts';
import { condition } from '../support/exposed.ts';
import { gatewayClient } from '../support/gateway-client.ts';
import { guideBlocks, runGuide } from '../support/guide.ts';

interface Pod extends KubernetesObject {
  spec: { nodeName: string };
}
interface Configured extends KubernetesObject {
  data: Record<string, string>;
}
interface Status {
  api: { rollout: { phase: string } };
  postgres: { primary: string; synchronousStandbys: string[] };
}

const READY_TIMEOUT_SECONDS = 600;

const client = gatewayClient();

/** The blocks of a section, one after another; resolves with what they print. */
async function follow(page: string, heading: string, change: (text: string) => string = (text) => text) {
  return runGuide(change((await guideBlocks(page, heading, 'sh')).join('')));
}

async function status(): Promise<Status> {
  return (await authCluster<Status>()).status;
}

function ready() {
  return waitUntilReady(kubectl, NAMESPACE, NAME, { timeoutSeconds: READY_TIMEOUT_SECONDS });
}

function reason(type: string, expected: string): Promise<void> {
  return eventually(async () => expect((await condition(type))?.reason).toBe(expected), 120);
}

function rolledTo(phase: string): Promise<void> {
  return eventually(async () => expect((await status()).api.rollout.phase).toBe(phase), 180);
}

async function members(component: string): Promise<number> {
  const selector = `app.kubernetes.io/instance=${NAME},app.kubernetes.io/component=${component}`;
  return (await kubectl.list(NAMESPACE, 'pods', selector)).length;
}

describe('pause and hibernate', () => {
  const PAGE = 'pause-and-hibernate.md';

  clusterTest('a pause rests the operator, and its end wakes it', async () => {
    const [pause = '', goOn = ''] = await guideBlocks(PAGE, 'Pause', 'sh');
    await runGuide(pause);
    await reason('Progressing', 'Paused');
    await runGuide(goOn);
    await ready();
  });

  clusterTest('hibernation ends in no pods, and waking in an AuthCluster that is Ready', async () => {
    const [sleep = '', wake = ''] = await guideBlocks(PAGE, 'Hibernate', 'sh');
    await runGuide(sleep);
    await eventually(async () => expect(await members('postgres')).toBe(0), 60);
    await runGuide(wake);
    await loggedInUser(client);
  });
});

describe('roll out and roll back', () => {
  const PAGE = 'roll-out-and-roll-back.md';
  const changed = (revision: string) =>
    changeSpec({ api: { env: [{ name: 'E2E_GUIDE', value: revision }], rollout: { bakeSeconds: 300 } } });
  // An aborted revision stays until the spec is another one.
  afterAll(async () => {
    await changeSpec({ api: { env: null, rollout: null } });
    await ready();
  }, 600_000);

  clusterTest('the rollout can be watched, promoted and aborted', async () => {
    expect(await follow(PAGE, INTRODUCTION)).toMatch(/^(blue|green): \{/);
    const [decide = ''] = await guideBlocks(PAGE, 'Decide yourself', 'sh');
    const without = (word: string) => decide.split('\n').filter((line) => !line.includes(word));
    await changed('promoted');
    await rolledTo('Baking');
    await runGuide(without('/abort').join('\n'));
    await rolledTo('Stable');
    await changed('aborted');
    await rolledTo('Baking');
    await runGuide(without('/promote').join('\n'));
    await rolledTo('Aborted');
  });
});

describe('the data tier', () => {
  const SCALE = 'scale-the-data-tier.md';
  // What the last command of a section prints is the status of before, or goes on until it is ended.
  const once = (text: string) => text.replaceAll(' -w\n', '\n');
  // What patches have set stays beside what is applied.
  afterAll(async () => {
    const pooler = { instances: 1, autoscaling: null };
    await changeSpec({
      postgres: { readReplicas: 1, synchronous: null, pooler },
      redis: { shards: 3, replicasPerShard: 1 },
    });
    await ready();
  }, 900_000);

  clusterTest('settings are changed', async () => {
    await follow('change-the-database.md', 'Settings of PostgreSQL');
    await ready();
    await follow('change-the-database.md', 'Releases of the operator');
  });

  const sections: [heading: string, component: string, atLast: number][] = [
    ['Redis: more or fewer shards', 'redis', 8],
    ['Redis: more or fewer replicas', 'redis', 12],
    ['PostgreSQL: more or fewer replicas', 'postgres', 3],
    ['PgBouncer: more poolers', 'pooler-rw', 3],
    ['PostgreSQL: how safe a commit is', 'postgres', 3],
  ];
  for (const [heading, component, atLast] of sections) {
    clusterTest(
      heading,
      async () => {
        await follow(SCALE, heading, once);
        await eventually(async () => expect(await members(component)).toBe(atLast), 180);
        await ready();
      },
      1200,
    );
  }

  clusterTest('storage that cannot grow is told, and what to look at', async () => {
    const [grow = ''] = await guideBlocks('grow-storage.md', INTRODUCTION, 'sh');
    await runGuide(grow);
    await reason('Degraded', 'StorageNotExpandable');
    expect(await follow('grow-storage.md', 'Where the storage class cannot')).toContain('STORAGECLASS');
    await changeSpec({ postgres: { storage: { size: '1Gi' } } });
    await ready();
  });
});

describe('the primary', () => {
  const PAGE = 'switch-over-the-database.md';

  clusterTest('moves to the pod that was asked for', async () => {
    const [standby = ''] = (await status()).postgres.synchronousStandbys;
    const [order = '', takeBack = ''] = await guideBlocks(PAGE, INTRODUCTION, 'sh');
    await runGuide(order.replaceAll(`${NAME}-postgres-1`, standby));
    await eventually(async () => expect((await status()).postgres.primary).toBe(standby), 120);
    await runGuide(takeBack);
    await ready();
  });

  clusterTest('leaves a node that is drained', async () => {
    const pod = await kubectl.find<Pod>(NAMESPACE, 'pods', (await status()).postgres.primary);
    const node = pod?.spec.nodeName ?? '';
    await follow('drain-a-node.md', INTRODUCTION, (text) => text.replaceAll('NODE', node));
    await kubectl.run(['uncordon', node]);
    await ready();
  });
});

describe('the operator', () => {
  beforeAll(async () => void (await readyAuthCluster()), 600_000);

  clusterTest('is upgraded, tried and put back', async () => {
    const [upgrade = '', definition = ''] = await guideBlocks('upgrade.md', 'The operator', 'sh');
    expect(await runGuide(upgrade)).toContain('Succeeded');
    await runGuide(definition);
    await follow('upgrade.md', 'Go back');
    await ready();
  });

  clusterTest('lists its policies, and fills caches when asked', async () => {
    expect(await follow('restrict-the-network.md', INTRODUCTION)).toContain(`${NAME}-`);
    const apiServer = await follow('restrict-the-network.md', 'Where the API server has another port');
    expect(apiServer).toMatch(/^kubernetes\s+IPv\d\s+\d+/m);
    const resolver = await follow('restrict-the-network.md', 'Where DNS has another port');
    expect(resolver).toMatch(/^kube-dns-\S+\s+IPv\d\s+.*\b53\b/m);
    expect(await follow('keep-caches-warm.md', INTRODUCTION)).toContain('"warmed"');
    await follow('gitops.md', INTRODUCTION);
  });

  clusterTest('gives Argo CD what tells the health of an AuthCluster', async () => {
    const argoCd = stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'argocd-cm', namespace: 'argocd' },
    });
    await kubectl.run(['create', 'namespace', 'argocd']);
    try {
      await kubectl.apply(argoCd);
      await follow('gitops.md', 'Argo CD');
      const configured = await kubectl.find<Configured>('argocd', 'configmaps', 'argocd-cm');
      const health = await readFile(new URL('../../manifests/argo-cd/health.lua', import.meta.url), 'utf8');
      expect(configured?.data).toEqual({ 'resource.customizations.health.authcluster.dev_AuthCluster': health });
    } finally {
      await kubectl.run(['delete', 'namespace', 'argocd', '--timeout', '60s']);
    }
  });
});
