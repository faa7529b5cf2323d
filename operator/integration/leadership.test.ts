import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../../dev/eventually.ts';
import type { LiveObject } from '../src/kubernetes/objects.ts';
import { resourceOf, resourcePath } from '../src/kubernetes/resources.ts';
import { accessTo } from './harness/control-plane.ts';
import { Life } from './harness/life.ts';
import { OperatorProgram } from './harness/operator-program.ts';
import { sharedControlPlane } from './harness/shared-control-plane.ts';
import { Workloads } from './harness/workloads.ts';

type Lease = LiveObject & { spec: { holderIdentity?: string } };

/** Programs start slowly on machines that run everything at once. */
const TIMEOUT_MS = 400_000;
const LEASE = 'authcluster-operator';
const GROUP = 'rbac.authorization.k8s.io';

const plane = sharedControlPlane();
const life = new Life(plane, new Workloads(accessTo(plane, 'admin')));
const programs = new Map<string, OperatorProgram>();
let pods: Promise<void>[] = [];
let areDeleted = false;

beforeAll(async () => {
  await life.begin({});
  await grantLeases();
  pods = ['first', 'second'].map(runPod);
});
afterAll(async () => {
  areDeleted = true;
  for (const program of programs.values()) await program.stop();
  await Promise.all(pods);
  await life.end();
});

/** As a kubelet does: another process takes the place of one that has ended. */
async function runPod(name: string): Promise<void> {
  const pod = { POD_NAME: name, POD_NAMESPACE: life.namespace };
  while (!areDeleted) {
    const environment = { ...pod, LEADER_ELECTION: 'true', WATCH_NAMESPACES: life.namespace };
    const program = await OperatorProgram.start(plane, environment);
    programs.set(name, program);
    if (areDeleted) await program.stop();
    await program.ended;
  }
}

/** As the chart does, where the operator runs. */
async function grantLeases(): Promise<void> {
  const rules = [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] }];
  const metadata = { name: 'leases', namespace: life.namespace };
  const roleRef = { apiGroup: GROUP, kind: 'Role', name: 'leases' };
  const subjects = [{ apiGroup: GROUP, kind: 'User', name: 'operator' }];
  for (const body of [
    { apiVersion: `${GROUP}/v1`, kind: 'Role', metadata, rules },
    { apiVersion: `${GROUP}/v1`, kind: 'RoleBinding', metadata, roleRef, subjects },
  ]) {
    await life.admin.send({ method: 'POST', path: resourcePath(resourceOf(body.kind), life.namespace), body });
  }
}

/** The program that has the lease. */
function leader(): Promise<OperatorProgram> {
  return eventually(async () => {
    const lease = (await life.objects('Lease')).find(({ metadata }) => metadata.name === LEASE) as Lease | undefined;
    const name = lease?.spec.holderIdentity?.split('_')[0] ?? '';
    const program = programs.get(name);
    // A pod's name outlives its process.
    if (program?.log.includes('"msg":"leading"') !== true) throw new Error(`the lease is held by "${name}"\n${logs()}`);
    return program;
  }, TIMEOUT_MS);
}

function logs(): string {
  return [...programs].map(([name, { log }]) => `${name}:\n${log}`).join('\n');
}

async function untilRedisAsksFor(cpu: string): Promise<void> {
  await eventually(async () => {
    const redis = (await life.objects('StatefulSet')).filter(({ metadata }) => metadata.name.includes('redis'));
    const asking = redis.filter((each) => JSON.stringify(each).includes(`"requests":{"cpu":"${cpu}"`));
    if (redis.length === 0 || asking.length < redis.length) {
      throw new Error(`${asking.length} of ${redis.length} ask for it\n${logs()}`);
    }
  }, TIMEOUT_MS);
}

test('who loses the lease ends as a failure, and another one carries out what is wanted from then on', async () => {
  const former = await leader();
  await life.patch('Lease', LEASE, { spec: { holderIdentity: 'somebody else' } }, 'tests');
  expect(await former.ended).toBe(1);
  expect(former.log).toContain('"msg":"lost the lease"');
  await life.change({ redis: { resources: { requests: { cpu: '123m', memory: '1Gi' } } } });
  await untilRedisAsksFor('123m');
});
