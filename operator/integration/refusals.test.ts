import { expect, test } from '@jest/globals';
import { createClient } from '../src/kubernetes/client.ts';
import type { LiveObject } from '../src/kubernetes/objects.ts';
import { accessTo } from './harness/control-plane.ts';
import { settledLife } from './harness/settled-life.ts';
import { sharedControlPlane } from './harness/shared-control-plane.ts';

const plane = sharedControlPlane();
const life = settledLife(plane);

/** As Kubernetes' own controllers record it, by the older API. */
async function record({ kind, metadata: { name, namespace, uid } }: LiveObject, reason: string): Promise<void> {
  const body = {
    ...{ apiVersion: 'v1', kind: 'Event', metadata: { generateName: `${name}.`, namespace } },
    involvedObject: { apiVersion: 'apps/v1', kind, name, namespace, uid },
    ...{ type: 'Warning', reason, message: `${name} exceeded quota: small`, count: 3 },
    lastTimestamp: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
  };
  await life.admin.send({ method: 'POST', path: `/api/v1/namespaces/${namespace}/events`, body });
}

test('the operator reads the warnings about one object with one reason, and may', async () => {
  const [postgres, redis] = (await life.objects('StatefulSet')).sort((left, right) =>
    left.metadata.name < right.metadata.name ? -1 : 1,
  );
  if (postgres === undefined || redis === undefined) throw new Error('no StatefulSets');
  await record(postgres, 'FailedCreate');
  await record(postgres, 'Other');
  await record(redis, 'FailedCreate');
  const warnings = await createClient(accessTo(plane, 'operator')).warnings(postgres, 'FailedCreate');
  expect(warnings.map(({ note }) => note)).toEqual(['acme-postgres exceeded quota: small']);
  expect(Date.parse(warnings[0]?.deprecatedLastTimestamp ?? '')).toBeGreaterThan(Date.now() - 600_000);
});
