import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import type { KubernetesObject } from '../../dev/kubernetes/kubectl.ts';
import { OPERATOR_NAMESPACE } from '../../dev/kubernetes/operator-release.ts';
import { INTRODUCTION } from '../../dev/markdown.ts';
import { AUTH_CLUSTERS, kubectl, local, NAMESPACE } from '../support/cluster.ts';
import { clusterTest, withDiagnosis } from '../support/cluster-test.ts';
import { SET_UP_TIMEOUT_MS } from '../support/gateway-client.ts';
import { blocksAsWritten, runGuide } from '../support/guide.ts';
import { ROOT } from '../support/operator-release.ts';
import { READY_BAR_SECONDS } from '../support/patience.ts';
import { startRegistry } from '../support/registry.ts';
import { nameAsRelease } from '../support/release-images.ts';

const README = '../../README.md';
const QUICK_START = '../quick-start.md';
const OWN_CLUSTER = 'use-your-own-cluster.md';
const UNINSTALL = 'uninstall.md';

/** To the guides this checkout is the repository on GitHub, npm was not asked for a workspace, and nothing is watched for ever. */
const PRELUDE = `
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=url.file://${ROOT}.insteadOf
export GIT_CONFIG_VALUE_0=https://github.com/authcluster/authcluster
unset \${!npm_@} CONTEXT REGISTRY VALUES
kubectl config set-context my-context --cluster=${kubectl.context} --user=${kubectl.context} >/dev/null
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
`;
const AUTH = 'auth';

async function section(page: string, heading: string): Promise<string[]> {
  return (await blocksAsWritten(page, heading, 'sh')).map((block) => block.replace(/ --watch$/m, ''));
}

function run(commands: string, folder = ROOT): Promise<string> {
  return runGuide(PRELUDE + commands, folder);
}

async function follow(page: string, heading: string): Promise<string> {
  return run((await section(page, heading)).join(''));
}

function remaining(kinds: string, namespace = AUTH): Promise<string> {
  return kubectl.run(['get', kinds, '-n', namespace, '-l', 'app.kubernetes.io/instance=demo', '-o', 'name']);
}

/** What these tests remove is for trying things out: never somebody's own. */
async function refuseStrangers(): Promise<void> {
  const definition = await kubectl.run(['get', 'crd', AUTH_CLUSTERS, '-o', 'name', '--ignore-not-found']);
  if (definition.trim() === '') return;
  const there = JSON.parse(await kubectl.run(['get', AUTH_CLUSTERS, '-A', '-o', 'json'])) as {
    items: KubernetesObject[];
  };
  const strangers = there.items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).filter(isStranger);
  if (strangers.length > 0)
    throw new Error(`these guides remove every AuthCluster, and there are ${strangers.join(', ')}`);
}

function isStranger(name: string): boolean {
  return name !== `${AUTH}/demo` && !name.startsWith(`${NAMESPACE}/`);
}

async function removeEverything(): Promise<void> {
  await run(`helm uninstall authcluster-operator -n ${OPERATOR_NAMESPACE} --wait --ignore-not-found
kubectl delete crd ${AUTH_CLUSTERS} --ignore-not-found
kubectl delete namespace ${AUTH} auth-staging ${OPERATOR_NAMESPACE} --ignore-not-found --timeout 180s`);
}

/** One cluster on this machine is made for such things, and its images are here: another one is left alone. */
(local ? describe : describe.skip)('from nothing to nothing', () => {
  beforeAll(
    () =>
      withDiagnosis(async () => {
        await refuseStrangers();
        await removeEverything();
        await nameAsRelease();
      }),
    SET_UP_TIMEOUT_MS,
  );
  afterAll(async () => {
    await removeEverything();
    // Images first, whichever registry the last run named in .make/images.yaml.
    await run('make images load operator');
  }, SET_UP_TIMEOUT_MS);

  clusterTest('the quick start ends with a user who is logged in, and with something to look at', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'authcluster-quick-start-'));
    const ran = await run((await section(QUICK_START, 'Run it')).join(''), elsewhere);
    expect(ran).toMatch(/GET {2}\/v1\/me +answered/);
    // The step before has brought the images to the nodes.
    expect(Number(/^ +Ready, ([\d.]+) s$/m.exec(ran)?.[1])).toBeLessThan(READY_BAR_SECONDS);
    await rm(elsewhere, { recursive: true });
    const said = await run((await section(QUICK_START, 'Look around')).join(''));
    expect(said).toMatch(/"username": "grace"/);
    expect(said).toMatch(/^HTTP\/1\.1 200/m);
  });

  clusterTest('run again, and for a context, it goes on from there', async () => {
    await follow('develop.md', INTRODUCTION);
    const [local = ''] = await section(README, 'Two commands');
    const [ofContext = ''] = await section(README, 'On your own cluster');
    expect(await run(local)).toContain('answers at http://127.0.0.1:8080');
    expect(await run(ofContext)).toContain('port-forward service/demo-gateway');
    const [onIt = ''] = await section(OWN_CLUSTER, 'Try the quick start on it');
    await run(onIt);
  });

  clusterTest('it brings its images to a registry, from which the cluster pulls them', async () => {
    const registry = await startRegistry();
    try {
      const [, byRegistry = ''] = await section(OWN_CLUSTER, 'Try the quick start on it');
      const said = await run(byRegistry.replace('registry.example.com', registry.address));
      expect(said).toContain('port-forward service/demo-gateway');
      // Databases keep the pods that they have, and the auth API those of before until its bake time is over.
      const tiers = 'app.kubernetes.io/component in (gateway,pooler-rw,pooler-ro,redis)';
      const images = await kubectl.run([
        'get',
        'pods',
        '-n',
        AUTH,
        '-l',
        tiers,
        '-o',
        'jsonpath={..containers[*].image}',
      ]);
      expect(images.split(' ').filter((image) => !image.startsWith(`${registry.address}/team/`))).toEqual([]);
      const api = await kubectl.run(['get', AUTH_CLUSTERS, 'demo', '-n', AUTH, '-o', 'jsonpath={.status.api.image}']);
      expect(api).toContain(`${registry.address}/team/auth-api:`);
    } finally {
      await registry.stop();
    }
  });

  clusterTest('an AuthCluster leaves its data, and is removed for good', async () => {
    const [leave = '', forGood = '', withData = ''] = await section(UNINSTALL, 'One AuthCluster');
    await run(withData.replace('"Delete"', '"Retain"'));
    await run(leave);
    expect(await remaining('pvc,secret,configmap')).toContain('persistentvolumeclaim/');
    await run(forGood);
    expect(await remaining('pvc,secret,configmap')).toBe('');
    await kubectl.run(['delete', 'namespace', AUTH, '--timeout', '180s']);
  });

  clusterTest('the operator goes, is installed step by step, and declares an AuthCluster', async () => {
    await follow(UNINSTALL, 'The operator');
    await follow('../../helm/authcluster-operator/README.md', INTRODUCTION);
    const [byHelm = '', , ofSomeNamespaces = ''] = await section(OWN_CLUSTER, 'Install the operator');
    expect(await run(byHelm)).toContain('Succeeded');
    // Production takes three machines: here it is the commands that are tried.
    const small = (text: string) => text.replace('production.yaml', 'development.yaml');
    await run((await section(OWN_CLUSTER, 'Declare an AuthCluster')).map(small).join(''));
    const [reach = ''] = await section(OWN_CLUSTER, 'Reach it');
    const reached = reach.replace('<name>', 'demo').replace('8080:', '8086:').trim();
    const health = 'curl -sSf --retry 10 --retry-connrefused http://127.0.0.1:8086/health';
    expect(await run(`${reached} >/dev/null &\n${health}\n`)).toContain('ok');
    await kubectl.run(['create', 'namespace', 'auth-staging']);
    await run(ofSomeNamespaces);
    const [, , withData = ''] = await section(UNINSTALL, 'One AuthCluster');
    await run(withData);
    await kubectl.run(['delete', '-n', AUTH, AUTH_CLUSTERS, 'demo', '--timeout', '120s']);
  });

  clusterTest('the operator and the definition go, and come back without Helm', async () => {
    const everything = [await follow(UNINSTALL, 'The operator'), await follow(UNINSTALL, 'The definition')].join('');
    expect(everything).toContain('deleted');
    expect(await kubectl.run(['get', 'crd', AUTH_CLUSTERS, '-o', 'name', '--ignore-not-found'])).toBe('');
    const [, withoutHelm = ''] = await section(OWN_CLUSTER, 'Install the operator');
    const [, , upgrade = ''] = await section('upgrade.md', 'The operator');
    const up = `kubectl rollout status -n ${OPERATOR_NAMESPACE} deployment/authcluster-operator --timeout=120s\n`;
    expect(await run(withoutHelm + up + upgrade + up)).toContain('successfully rolled out');
    await run('kubectl delete -f manifests/install.yaml --timeout=120s');
  });

  clusterTest('the two commands of the README install it, and apply what is for production', async () => {
    const [, stepByStep = ''] = await section(README, 'On your own cluster');
    await run(stepByStep);
    await kubectl.run(['get', '-n', AUTH, AUTH_CLUSTERS, 'production']);
  });
});
