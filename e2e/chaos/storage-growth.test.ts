import { afterAll, describe, expect } from '@jest/globals';
import type { KubernetesObject } from '../../dev/kubernetes/kubectl.ts';
import { chaosClient, HOUR } from '../support/chaos-cluster.ts';
import { INSTANCE, kubectl, NAMESPACE } from '../support/cluster.ts';
import { clusterTest } from '../support/cluster-test.ts';
import { underMixedLoad } from '../support/data-load.ts';
import { changeSpec, databasePods, expectUnharmed, settled } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { once } from '../support/repeated.ts';

interface Claim extends KubernetesObject {
  spec: { storageClassName: string; resources: { requests: { storage: string } } };
}

interface StatefulSet extends KubernetesObject {
  spec: { volumeClaimTemplates: { spec: { resources: { requests: { storage: string } } } }[] };
}

const POSTGRES = `${INSTANCE},app.kubernetes.io/component=postgres`;
const SIZE = '2Gi';
const client = chaosClient();

// Volumes never shrink: no other test could go on with this AuthCluster.
afterAll(() => kubectl.run(['delete', 'namespace', NAMESPACE, '--timeout', '180s']));

async function allowExpansion(name: string, isAllowed: boolean): Promise<void> {
  const patch = JSON.stringify({ allowVolumeExpansion: isAllowed });
  await kubectl.run(['patch', 'storageclass', name, '--type', 'merge', '--patch', patch]);
}

const claims = () => kubectl.list<Claim>(NAMESPACE, 'persistentvolumeclaims', POSTGRES);

async function statefulSet(): Promise<StatefulSet> {
  const [found] = await kubectl.list<StatefulSet>(NAMESPACE, 'statefulsets.apps', POSTGRES);
  if (found === undefined) throw new Error('there is no StatefulSet');
  return found;
}

/** What the driver of volumes does: that of the local cluster does not. */
async function growAsDriver({ metadata }: Claim): Promise<void> {
  const patch = JSON.stringify({ status: { capacity: { storage: SIZE } } });
  const claim = ['-n', NAMESPACE, 'persistentvolumeclaim', metadata.name, '--subresource', 'status'];
  await kubectl.run(['patch', ...claim, '--type', 'merge', '--patch', patch]);
}

/** Until all claims and the template of those to come have asked for the new size. */
function untilAskedFor(): Promise<readonly Claim[]> {
  return eventually(async () => {
    const asked = await claims();
    expect(asked.map(({ spec }) => spec.resources.requests.storage)).toEqual(asked.map(() => SIZE));
    const { spec } = await statefulSet();
    expect(spec.volumeClaimTemplates[0]?.spec.resources.requests.storage).toBe(SIZE);
    return asked;
  }, 120);
}

describe('volumes whose storage class lets them grow', () => {
  clusterTest(
    'grow in place, under a StatefulSet that is made anew around its pods',
    () =>
      once('volumes grow', async () => {
        const [{ spec } = { spec: { storageClassName: '' } }] = await claims();
        await allowExpansion(spec.storageClassName, true);
        try {
          const identities = async () => (await databasePods()).map(({ metadata }) => metadata.uid).sort();
          const [pods, set] = [await identities(), await statefulSet()];
          const load = await underMixedLoad(client, async () => {
            await changeSpec({ postgres: { storage: { size: SIZE } } });
            await Promise.all((await untilAskedFor()).map(growAsDriver));
            expect((await settled()).storage).toBe(SIZE);
          });
          expectUnharmed(load);
          expect(await identities()).toEqual(pods);
          expect((await statefulSet()).metadata.uid).not.toBe(set.metadata.uid);
        } finally {
          await allowExpansion(spec.storageClassName, false);
        }
      }),
    HOUR,
  );
});
