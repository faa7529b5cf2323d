import { describe, expect, test } from '@jest/globals';
import { allObjects } from '../specs/all-objects.ts';
import type { AccessRecord } from '../testing/fake-api-server.ts';
import { databaseClaim, OperatorHarness } from '../testing/operator-harness.ts';
import { clusterWith, MONITORED_INPUTS, SAMPLES, sampleCluster } from '../testing/sample-clusters.ts';
import { clusterRules, MANAGED_KINDS, operatorRules, PATRONI_RULES } from './rbac.ts';

/** Ways to reach the gateway that no sample takes. */
const TLS = { secretName: 'auth-tls', issuerRef: { name: 'ca' } };
const INGRESS = { expose: { type: 'Ingress', hostnames: ['auth.example.com'] }, tls: TLS };
const HTTP_ROUTE = { expose: { type: 'HTTPRoute', parentRefs: [{ name: 'public' }] } };

const clusters = [
  ...SAMPLES.map((sample) => sampleCluster(sample)),
  ...[INGRESS, HTTP_ROUTE].map((gateway) => clusterWith({ gateway })),
];
const built = clusters.flatMap((cluster) => allObjects(cluster, MONITORED_INPUTS));

/** `group/resource verb` of everything that is granted. */
function granted(): Set<string> {
  const all = [...operatorRules(), ...clusterRules()].flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${group}/${resource} ${verb}`))),
  );
  return new Set(all);
}

/** What an operator does in the life of an AuthCluster: it comes, changes, loses a part, and is kept or not. */
async function lived(): Promise<Set<AccessRecord>> {
  const valueFrom = { configMapKeyRef: { name: 'ours', key: 'level', optional: true } };
  const monitoring = { enabled: true };
  const harness = new OperatorHarness({
    monitoring,
    redis: { shards: 4 },
    api: { env: [{ name: 'LOG_LEVEL', valueFrom }] },
  });
  harness.cluster.metadata.annotations = { 'authcluster.dev/switchover': 'acme-postgres-0' };
  // One volume is to grow, and one is of a member that is gone.
  for (const ordinal of [0, 9]) harness.server.put(databaseClaim(ordinal, '1Gi'), 'persistentvolumeclaims');
  await harness.start();
  // Workloads that are there, and have no pods yet.
  for (let passes = 0; passes < 2; passes++) await harness.pass();
  await harness.untilQuiet();
  for (const gateway of [INGRESS, HTTP_ROUTE]) {
    harness.change({ gateway });
    await harness.untilQuiet();
  }
  harness.change({
    deletionPolicy: 'Delete',
    monitoring: { enabled: false },
    gateway: { enabled: false },
    api: { image: 'registry.example/next', cache: { warming: { enabled: false } } },
    networkPolicy: { enabled: false },
  });
  await harness.untilQuiet();
  harness.stop();
  return harness.server.accesses;
}

/** As RBAC is asked: an apply that creates needs the verb create beside patch. */
async function used(): Promise<Set<string>> {
  const verbs = [...(await lived())].flatMap((access) =>
    access.endsWith(' (apply)')
      ? [
          access.replace(' (apply)', ''),
          ...(access.includes('/status') ? [] : [access.replace('patch (apply)', 'create')]),
        ]
      : [access],
  );
  return new Set(verbs);
}

describe('the rules of the operator', () => {
  test('manage the kinds that builders produce, and no other', () => {
    expect([...new Set(built.map(({ kind }) => kind))].sort()).toEqual([...MANAGED_KINDS].sort());
  });

  test('hold what the Role of Patroni grants, because nobody may grant what they do not have', () => {
    const roles = built.filter(({ kind }) => kind === 'Role');
    for (const { rules } of roles) expect(rules).toEqual(PATRONI_RULES);
    const held = granted();
    for (const { resources, verbs } of PATRONI_RULES) {
      for (const verb of verbs) expect(held).toContain(`/${resources[0]} ${verb}`);
    }
  });

  test('cover every call, and grant nothing that is not used', async () => {
    const held = granted();
    const calls = await used();
    expect([...calls].filter((call) => !held.has(call))).toEqual([]);
    expect([...held].filter((right) => !calls.has(right)).sort()).toEqual(
      [
        // Replacing a database pod of an older template, and taking the label from a former primary.
        '/pods delete',
        '/pods patch',
        // For owner references that block deletion.
        'authcluster.dev/authclusters/finalizers update',
        // Recording events.
        'events.k8s.io/events create',
        'events.k8s.io/events patch',
      ].sort(),
    );
  });
});

/** Each belongs to somebody else, or must not be written over by what an operator remembers. */
const NOT_APPLIED = [
  // Patroni's settings, among what Patroni writes there.
  '/configmaps patch',
  // The size of a volume: the StatefulSet's controller made the rest.
  '/persistentvolumeclaims patch',
  // Generated once, never again; and one key of many, of the version that was read.
  '/secrets create',
  '/secrets patch',
  // How many pods, where an autoscaler has the say.
  'apps/deployments patch',
  // An annotation that was carried out.
  'authcluster.dev/authclusters patch',
];

test('what the operator writes is applied, but for what is not its own', async () => {
  const others = [...(await lived())].filter((access) => / (create|patch|update)$/.test(access));
  expect(others.sort()).toEqual([...NOT_APPLIED].sort());
});
