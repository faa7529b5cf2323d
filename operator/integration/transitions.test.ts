import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { isStatus } from '../src/kubernetes/errors.ts';
import { concurrently } from './harness/concurrently.ts';
import { accessTo } from './harness/control-plane.ts';
import { Life } from './harness/life.ts';
import { sharedControlPlane } from './harness/shared-control-plane.ts';
import { SkippableClock } from './harness/skippable-clock.ts';
import { Workloads } from './harness/workloads.ts';

const LIVES_AT_ONCE = 8;
const SAMPLES = new URL('../../manifests/samples/', import.meta.url);
const NEXT = 'registry.example/next';
const STORAGE = { storage: { size: '10Gi' } };

const SAMPLE_SPECS = Object.fromEntries(samples().map(([name, spec]) => [`the sample ${name}`, withoutNodePort(spec)]));

/** What the samples do not show. */
const OTHER_SPECS: Readonly<Record<string, object>> = {
  defaults: { postgres: STORAGE },
  'without a gateway': { gateway: { enabled: false }, postgres: STORAGE },
  'without read replicas': {
    postgres: { ...STORAGE, readReplicas: 0, pooler: { instances: 1 } },
    api: { pools: { write: 40 } },
  },
  'another image, in place': { api: { image: NEXT, rollout: { strategy: 'RollingUpdate' } }, postgres: STORAGE },
  'another image, blue-green': { api: { image: NEXT }, postgres: STORAGE },
  'open, and placed': {
    networkPolicy: { enabled: false },
    redis: { replicasPerShard: 0, scheduling: { nodeSelector: { pool: 'caches' } } },
    postgres: STORAGE,
  },
  deletable: { deletionPolicy: 'Delete', postgres: STORAGE },
  hibernated: { hibernated: true, postgres: STORAGE },
};

function samples(): [string, object][] {
  const files = readdirSync(SAMPLES).filter((file) => file.endsWith('.yaml'));
  return files.flatMap((file) => {
    const documents = parseAllDocuments(readFileSync(new URL(file, SAMPLES), 'utf8')).map((each) => each.toJS());
    const clusters = documents.filter(({ kind }) => kind === 'AuthCluster') as { spec: object }[];
    return clusters.map(({ spec }): [string, object] => [file.replace('.yaml', ''), spec]);
  });
}

/** A port of nodes is one for the whole cluster, and here many AuthClusters live in it at once. */
function withoutNodePort(spec: object): object {
  const { gateway } = spec as { gateway?: { expose?: object } };
  if (gateway?.expose === undefined) return spec;
  return { ...spec, gateway: { ...gateway, expose: { ...gateway.expose, nodePort: undefined } } };
}

/** With volumes like all others: they never shrink, nor change their class. */
function withStorage(spec: object): object {
  if (isExternal(spec)) return spec;
  const { postgres } = spec as { postgres?: object };
  return { ...spec, postgres: { ...postgres, ...STORAGE } };
}

function isExternal(spec: object): boolean {
  return (spec as { postgres?: { mode?: string } }).postgres?.mode === 'External';
}

const plane = sharedControlPlane();
const workloads = new Workloads(accessTo(plane, 'admin'));

beforeAll(() => workloads.start());
afterAll(() => workloads.stop());

/** Through these specs in turn, each until nothing more happens. Undefined where the API server refuses a change. */
async function through(...specs: readonly object[]): Promise<Record<string, unknown> | undefined> {
  const [first = {}, ...others] = specs;
  const life = new Life(plane, workloads, new SkippableClock({ runs: false }));
  await life.begin(first);
  try {
    for (const spec of others) await life.change(spec, { dryRun: 'All' });
    await life.addOperator();
    await life.toRest();
    for (const spec of others) {
      await life.change(spec);
      await life.toRest();
    }
    const { status } = await life.cluster();
    // Else little would be compared.
    expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
    return normalised(await life.snapshot());
  } catch (error) {
    if (isStatus(error, 422)) return undefined;
    throw error;
  } finally {
    await life.end();
  }
}

/** But for the status, the colour, and what sizes autoscalers would choose. */
function normalised(objects: Record<string, unknown>): Record<string, unknown> {
  // A generated Secret outlives what it was made for: turned on again, it has the login that it had.
  const kept = Object.entries(objects).filter(
    ([key]) => !/^AuthCluster\/|-leader$|^Secret\/acme-monitoring$/.test(key),
  );
  return Object.fromEntries(
    kept
      .map(([key, object]): [string, unknown] => {
        const text = JSON.stringify({ ...(object as object), status: undefined });
        const parsed = JSON.parse(text.replaceAll('green', 'blue'), withoutEmpty);
        if (/^Deployment\/.*-(api-(blue|green)|gateway)$/.test(key)) delete parsed.spec.replicas;
        return [key.replaceAll('green', 'blue'), parsed];
      })
      .sort(([left], [right]) => (left < right ? -1 : 1)),
  );
}

/** A map whose last entry was taken away is as good as none. */
function withoutEmpty(key: string, value: unknown): unknown {
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  return isEmpty && ['annotations', 'ownerReferences'].includes(key) ? undefined : value;
}

/** What an AuthCluster may be changed from and to. */
const SPECS: Readonly<Record<string, object>> = { ...SAMPLE_SPECS, ...OTHER_SPECS };
/** Asleep nothing of a later tier is begun, but what was there stays: only the way out of it ends where others do. */
const TARGETS = Object.keys(SPECS).filter((name) => name !== 'hibernated');

/** Each sample from every other, and to and from the defaults what no sample shows; `TRANSITIONS=all` tries each pair. */
function sources(target: string): string[] {
  const others = Object.keys(SPECS).filter((name) => name !== target);
  const isTried = (name: string) =>
    process.env.TRANSITIONS === 'all' ||
    (target in SAMPLE_SPECS && name in SAMPLE_SPECS) ||
    [target, name].includes('defaults');
  return others.filter(isTried);
}

describe('an AuthCluster that is changed', () => {
  test.each(TARGETS)('into %s is as if it had been so from the beginning', async (target) => {
    const to = SPECS[target] ?? {};
    const [fresh, freshWithStorage] = [await through(to), await through(withStorage(to))];
    const accepted: string[] = [];
    const others = sources(target);
    await concurrently(LIVES_AT_ONCE, others, async (name) => {
      const from = SPECS[name] ?? {};
      const changed = await through(from, to);
      const objects = changed ?? (await through(withStorage(from), withStorage(to)));
      if (objects === undefined) return;
      accepted.push(name);
      expect({ name, objects }).toEqual({ name, objects: changed === undefined ? freshWithStorage : fresh });
    });
    // Whether a data tier is managed is decided once.
    const alike = others.filter((name) => isExternal(SPECS[name] ?? {}) === isExternal(to));
    expect(accepted.sort()).toEqual(alike.sort());
  });
});
