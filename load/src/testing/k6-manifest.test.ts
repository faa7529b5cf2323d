import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { SCENARIOS, type ScenarioName } from '../../scenarios/scenario-shapes.ts';
import { generatedTestRun, K6_VERSION, testRun } from '../distributed/test-run.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const scenarios = Object.keys(SCENARIOS) as ScenarioName[];
const manifests = scenarios.map((name) => [name, read(`k8s/${name}.yaml`)] as const);

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

test.each(manifests)('the manifest of %s is current, and no k6 pod has too many users', (name, text) => {
  expect(text).toBe(generatedTestRun(name));
  expect(SCENARIOS[name].users / parse(text).spec.parallelism).toBeLessThanOrEqual(2000);
});

test.each(manifests)('the manifest of %s has no field that a TestRun has not', (_, text) => {
  const found = parse(text);
  expect(found).toMatchObject({ apiVersion: 'k6.io/v1alpha1', kind: 'TestRun' });
  expect(FIELDS).toEqual(expect.arrayContaining(Object.keys(found.spec)));
  expect(POD_FIELDS).toEqual(expect.arrayContaining(Object.keys(found.spec.runner)));
});

test.each(manifests)(
  'the script of %s is there, and so is all that it imports, in the one folder that a ConfigMap can hold',
  (_, text) => {
    const found = parse(text);
    const { file } = found.spec.script.configMap;
    const files = readdirSync(new URL('../../scenarios/', import.meta.url));
    expect(files).toContain(file);
    for (const scenario of files) {
      for (const [, path = ''] of read(`scenarios/${scenario}`).matchAll(/from '(\.[^']+)'/g)) {
        expect(path).toMatch(/^\.\/[\w-]+\.ts$|^\.\.\/src\/.*$/);
        if (!scenario.endsWith('.test.ts')) expect(files).toContain(path.replace('./', ''));
      }
    }
  },
);

test.each(manifests)(
  'the variables of %s are those that scenarios read, and its k6 is the one that runs here',
  (_, text) => {
    const found = parse(text);
    const settings = read('scenarios/settings.ts');
    for (const { name } of found.spec.runner.env) expect(settings).toContain(`environment.${name} `);
    const [, version] = /^version=v(\S+)$/m.exec(read('k6.sh')) ?? [];
    expect(K6_VERSION).toBe(version);
  },
);

test('one of another size has as many pods as that takes, and asks where it is told to', () => {
  const options = { baseUrl: 'http://demo-gateway.auth', scale: 0.5, timeScale: 0.2 };
  const { spec } = parse(testRun('normal-login', options));
  expect(spec.parallelism).toBe(3);
  expect(spec.runner.env).toEqual(
    expect.arrayContaining([
      { name: 'BASE_URL', value: 'http://demo-gateway.auth' },
      { name: 'SCALE', value: '0.5' },
      { name: 'TIME_SCALE', value: '0.2' },
    ]),
  );
  expect(() => testRun('normal-login', { ...options, scale: 0 })).toThrow(/^SCALE must be/);
});
