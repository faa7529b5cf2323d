import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const testRun = parse(read('k8s/normal-login.yaml'));

/** Of the k6 operator's TestRun, v1alpha1: fields that are not known would be dropped without a word. */
const FIELDS = ['script', 'parallelism', 'separate', 'arguments', 'ports', 'initializer', 'starter', 'runner'].concat([
  'quiet',
  'paused',
  'cleanup',
]);
const POD_FIELDS = ['affinity', 'env', 'envFrom', 'image', 'imagePullPolicy', 'metadata', 'nodeSelector'].concat([
  'tolerations',
  'resources',
  'serviceAccountName',
  'securityContext',
  'containerSecurityContext',
]);

test('the manifest has no field that a TestRun has not', () => {
  expect(testRun).toMatchObject({ apiVersion: 'k6.io/v1alpha1', kind: 'TestRun' });
  expect(FIELDS).toEqual(expect.arrayContaining(Object.keys(testRun.spec)));
  expect(POD_FIELDS).toEqual(expect.arrayContaining(Object.keys(testRun.spec.runner)));
});

test('its script is there, and so is all that it imports, in the one folder that a ConfigMap can hold', () => {
  const { file } = testRun.spec.script.configMap;
  const files = readdirSync(new URL('../../scenarios/', import.meta.url));
  expect(files).toContain(file);
  for (const scenario of files) {
    for (const [, path = ''] of read(`scenarios/${scenario}`).matchAll(/from '(\.[^']+)'/g)) {
      expect(path).toMatch(/^\.\/[\w-]+\.ts$|^\.\.\/src\/.*$/);
      if (!scenario.endsWith('.test.ts')) expect(files).toContain(path.replace('./', ''));
    }
  }
});

test('its variables are those that scenarios read, and its k6 is the one that runs here', () => {
  const settings = read('scenarios/settings.ts');
  for (const { name } of testRun.spec.runner.env) expect(settings).toContain(`environment.${name} `);
  const [, version] = /^version=v(\S+)$/m.exec(read('k6.sh')) ?? [];
  expect(testRun.spec.runner.image).toBe(`grafana/k6:${version}`);
});
