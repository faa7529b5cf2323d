import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { eventually } from '../../dev/eventually.ts';
import { accessTo } from './harness/control-plane.ts';
import { sharedControlPlane } from './harness/shared-control-plane.ts';

const GROUP = 'later.authcluster.dev';
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const CLUSTERS = `/apis/${GROUP}/v1alpha1/namespaces/default/authclusters`;
const admin = accessTo(sharedControlPlane(), 'admin');

/** The definition as a release will have it that brings images of two versions. */
async function laterDefinition() {
  const definition = parse(await readFile(new URL('../../crds/authclusters.yaml', import.meta.url), 'utf8'));
  const { version } = definition.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.postgres.properties;
  version.enum = ['17', '18'];
  const names = { ...definition.spec.names, shortNames: [], categories: [] };
  return {
    ...definition,
    metadata: { name: `authclusters.${GROUP}` },
    spec: { ...definition.spec, group: GROUP, names },
  };
}

async function create(name: string, spec: object): Promise<void> {
  const body = { apiVersion: `${GROUP}/v1alpha1`, kind: 'AuthCluster', metadata: { name }, spec };
  await admin.send({ method: 'POST', path: CLUSTERS, body });
}

function patch(name: string, spec: object): Promise<unknown> {
  const contentType = 'application/merge-patch+json';
  return admin.send({ method: 'PATCH', path: `${CLUSTERS}/${name}`, body: { spec }, contentType });
}

beforeAll(async () => {
  await admin.send({ method: 'POST', path: DEFINITIONS, body: await laterDefinition() });
  await eventually(() => create('ours', {}), 60_000);
});
afterAll(() => admin.send({ method: 'DELETE', path: `${DEFINITIONS}/authclusters.${GROUP}` }));

test('another major version of PostgreSQL is refused with what to do instead, and begins with a new AuthCluster', async () => {
  const refusal = await patch('ours', { postgres: { version: '18' } }).catch(String);
  expect(refusal).toContain('spec.postgres.version');
  expect(refusal).toContain('the data are of PostgreSQL 17');
  expect(refusal).toContain('make a second AuthCluster of the other version, and copy the database there with pg_dump');
  await create('second', { postgres: { version: '18' } });
  await patch('ours', { postgres: { version: '17', readReplicas: 1 } });
});
