import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect } from '@jest/globals';
import { parseDocument } from 'yaml';
import type { KubernetesObject } from '../dev/kubernetes/kubectl.ts';
import { CHART, OPERATOR_NAMESPACE, RELEASE } from '../dev/kubernetes/operator-release.ts';
import { failureOf, loggedInUser } from './support/auth-client.ts';
import { kubectl, readyAuthCluster } from './support/cluster.ts';
import { clusterTest } from './support/cluster-test.ts';
import { eventually } from './support/eventually.ts';
import { gatewayClient, SET_UP_TIMEOUT_MS } from './support/gateway-client.ts';
import {
  correction,
  definitionHas,
  earlierDefinition,
  helmUpgrade,
  NEW_FIELD,
  ROOT,
} from './support/operator-release.ts';
import { runningWorkloads } from './support/running-workloads.ts';
import { underSteadyLoad } from './support/steady-load.ts';

interface Lease extends KubernetesObject {
  spec: { holderIdentity?: string };
}

const OPERATOR_PODS = 'app.kubernetes.io/name=authcluster-operator';

const client = gatewayClient();
// Whatever happened, the tests that follow meet the operator of this checkout.
afterAll(() => helmUpgrade(CHART), SET_UP_TIMEOUT_MS);

/** This chart as an earlier release: another version, and a definition that lacks a field. */
async function earlierChart(): Promise<string> {
  const chart = join(await mkdtemp(join(tmpdir(), 'authcluster-chart-')), 'authcluster-operator');
  await cp(join(ROOT, CHART), chart, { recursive: true });
  const metadata = parseDocument(await readFile(join(chart, 'Chart.yaml'), 'utf8'));
  metadata.set('version', '0.0.1');
  await writeFile(join(chart, 'Chart.yaml'), metadata.toString());
  await writeFile(join(chart, 'crds/authclusters.yaml'), await earlierDefinition());
  return chart;
}

async function operatorPods(): Promise<string[]> {
  const pods = await kubectl.list(OPERATOR_NAMESPACE, 'pods', OPERATOR_PODS);
  return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.name);
}

describe('an upgrade of the operator by Helm', () => {
  clusterTest(
    'renews the definition and the operator, and leaves what runs as it is, without a failed request',
    async () => {
      await helmUpgrade(await earlierChart(), '--set', 'podAnnotations.release=earlier');
      expect(await definitionHas(NEW_FIELD)).toBe(false);
      await readyAuthCluster();
      const before = await runningWorkloads();
      const earlierPods = await operatorPods();
      const { tokens } = await loggedInUser(client);
      const check = async () => {
        return failureOf('GET /verify', await client.verify(tokens.access_token));
      };

      const load = await underSteadyLoad({ clients: 1, pauseMilliseconds: 200 }, check, async () => {
        await helmUpgrade(CHART);
        expect(await definitionHas(NEW_FIELD)).toBe(true);
        const laterPods = await operatorPods();
        expect(laterPods.filter((name) => earlierPods.includes(name))).toEqual([]);
        await eventually(async () => {
          const lease = await kubectl.find<Lease>(OPERATOR_NAMESPACE, 'leases.coordination.k8s.io', RELEASE);
          const leaders = laterPods.filter((name) => lease?.spec.holderIdentity?.startsWith(name));
          expect(leaders).toHaveLength(1);
        }, 60);
        // The second one begins after the first pass of the new operator has ended.
        await correction();
        await correction();
        await readyAuthCluster();
      });

      expect(await runningWorkloads()).toEqual(before);
      expect(load.failures).toEqual([]);
    },
    900,
  );

  clusterTest('leaves nothing behind of what it needed for that', async () => {
    const kinds = 'jobs,configmaps,serviceaccounts,clusterroles,clusterrolebindings';
    const names = (await kubectl.run(['get', kinds, '-n', OPERATOR_NAMESPACE, '-o', 'name'])).split('\n');
    expect(names).toContain(`serviceaccount/${RELEASE}`);
    expect(names.filter((name) => name.endsWith('-crd-upgrade'))).toEqual([]);
  });
});
