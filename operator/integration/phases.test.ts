import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MANAGED_KINDS } from '../src/kubernetes/rbac.ts';
import type { Check } from '../src/rollout/terms.ts';
import { AGREEABLE_TIERS } from './harness/agreeable-tiers.ts';
import { accessTo } from './harness/control-plane.ts';
import { kubectl } from './harness/kubectl.ts';
import { Life } from './harness/life.ts';
import { recordOf, reviewed } from './harness/phase-record.ts';
import { sharedControlPlane } from './harness/shared-control-plane.ts';
import { SkippableClock } from './harness/skippable-clock.ts';
import { Workloads } from './harness/workloads.ts';

const plane = sharedControlPlane();
const workloads = new Workloads(accessTo(plane, 'admin'));
const NEXT = 'registry.example/auth-api:2.0.0';
const WITHOUT_SECRET = { env: [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'mine', key: 'token' } } }] };

const HELD = 'tests.authcluster.dev/held';

/** What holds an AuthCluster up in a phase that it would pass through otherwise. */
const redis = { answers: false };
const newPods: { check: Check } = { check: { kind: 'limited' } };

const life = new Life(plane, workloads, new SkippableClock(), {
  redis: {
    ...AGREEABLE_TIERS.redis,
    converge: async (...asked) => (redis.answers ? AGREEABLE_TIERS.redis.converge(...asked) : undefined),
  },
  api: { ...AGREEABLE_TIERS.api, check: async () => newPods.check },
});
/** Writes of the operator while it wakes. */
let wakingWrites: readonly string[] = [];
/** As its owner has written it last. */
let spec: object = {};

async function change(to: object): Promise<void> {
  spec = to;
  await life.change(to);
  await life.toRest();
}

async function hold(kind: string, name: string, finalizers: readonly string[]): Promise<void> {
  await life.patch(kind, name, { metadata: { finalizers } }, 'tests');
}

function writes(): string[] {
  return life.operators.flatMap(({ transport }) => transport.calls).filter((call) => !call.startsWith('GET'));
}

interface Phase {
  /** From the phase before. */
  reach: () => Promise<void>;
  /** What `kubectl get ac -o wide` shows of it, but for its age. */
  row: string;
}

/** In this order. */
const PHASES: Readonly<Record<string, Phase>> = {
  'not seen yet': {
    reach: () => life.begin(spec),
    row: 'acme',
  },
  'coming up': {
    reach: async () => {
      await life.addOperator();
      await life.toRest();
    },
    row: 'acme False 0/4 acme-postgres-0 2/2 0/6 Starting http://acme-gateway.auth.svc',
  },
  ready: {
    reach: async () => {
      redis.answers = true;
      await life.toRest();
    },
    row: 'acme True 4/4 acme-postgres-0 2/2 6/6 1.2.3 Ready http://acme-gateway.auth.svc',
  },
  'rolling out': {
    reach: () => change({ api: { image: NEXT } }),
    row: 'acme False 4/4 acme-postgres-0 2/2 6/6 1.2.3 RolloutChecking http://acme-gateway.auth.svc',
  },
  'degraded while it serves': {
    reach: () => change({ api: WITHOUT_SECRET }),
    row: 'acme False 4/4 acme-postgres-0 2/2 6/6 1.2.3 SecretMissing http://acme-gateway.auth.svc',
  },
  'degraded, and rolled out in vain': {
    reach: async () => {
      newPods.check = { kind: 'failed', message: 'pod acme-api-green-x answers 503 to a log-in' };
      await change({ api: { image: NEXT } });
    },
    row: 'acme False 4/4 acme-postgres-0 2/2 6/6 1.2.3 RolloutChecking http://acme-gateway.auth.svc',
  },
  paused: {
    reach: async () => {
      await change({});
      await change({ paused: true });
    },
    row: 'acme True 4/4 acme-postgres-0 2/2 6/6 1.2.3 Ready http://acme-gateway.auth.svc',
  },
  'falling asleep': {
    reach: async () => {
      await hold('Pod', 'acme-postgres-0', [HELD]);
      await change({ hibernated: true });
    },
    row: 'acme False 0/4 0/2 0/6 1.2.3 Hibernating http://acme-gateway.auth.svc',
  },
  hibernated: {
    reach: async () => {
      await hold('Pod', 'acme-postgres-0', []);
      await life.toRest();
    },
    row: 'acme False 0/4 0/2 0/6 1.2.3 Hibernated http://acme-gateway.auth.svc',
  },
  'awake again': {
    reach: async () => {
      const before = writes().length;
      await change({});
      wakingWrites = writes().slice(before);
    },
    row: 'acme True 4/4 acme-postgres-0 2/2 6/6 1.2.3 Ready http://acme-gateway.auth.svc',
  },
  'on its way out': {
    reach: async () => {
      await hold('AuthCluster', 'acme', [HELD]);
      await life.delete('AuthCluster', 'acme');
      await life.toRest();
    },
    row: 'acme True 4/4 acme-postgres-0 2/2 6/6 1.2.3 Ready http://acme-gateway.auth.svc',
  },
};

interface Table {
  columnDefinitions: { name: string; type: string; priority: number; description: string }[];
  rows: { cells: unknown[] }[];
}

/** As kubectl asks for what it prints. */
async function table(): Promise<Table> {
  const path = `/apis/authcluster.dev/v1alpha1/namespaces/${life.namespace}/authclusters`;
  const accept = 'application/json;as=Table;g=meta.k8s.io;v=v1';
  return (await life.admin.send({ method: 'GET', path, accept })) as Table;
}

async function row(): Promise<string> {
  const { columnDefinitions, rows } = await table();
  const [{ cells } = { cells: [] }] = rows;
  const told = cells.filter((_, index) => columnDefinitions[index]?.name !== 'Age');
  return told
    .filter((cell) => cell !== null && cell !== '')
    .join(' ')
    .replace(life.namespace, 'auth');
}

beforeAll(() => workloads.start());
afterAll(async () => {
  await hold('AuthCluster', 'acme', []).catch(() => undefined);
  await life.end();
  workloads.stop();
});

describe('an AuthCluster', () => {
  test.each(Object.entries(PHASES))('that is %s has the columns and the status for it', async (phase, each) => {
    await each.reach();
    expect(await row()).toBe(each.row);
    const record = recordOf(await life.cluster(), spec);
    expect(reviewed(phase.replaceAll(/\W+/g, '-'), record)).toBe(record);
  });
});

test('it wakes in order: each tier after those that it needs', () => {
  const tiers = ['acme-postgres', 'acme-pooler-rw', 'acme-api-blue', 'acme-gateway'];
  const begins = tiers.map((name) =>
    wakingWrites.findIndex((call) => new RegExp(`(deployments|statefulsets)/${name}(/|$)`).test(call)),
  );
  expect(begins).not.toContain(-1);
  expect(begins).toEqual([...begins].sort((left, right) => left - right));
});

test('nothing holds its deletion up: neither it nor what it is made of has a finalizer of the operator', async () => {
  const kinds = ['AuthCluster', ...MANAGED_KINDS];
  const objects = (await Promise.all(kinds.map((kind) => life.objects(kind)))).flat();
  const holding = objects.flatMap(({ kind, metadata }) => {
    const { finalizers = [] } = metadata as { finalizers?: string[] };
    return finalizers.filter((name) => name !== HELD).map((name) => `${kind} ${metadata.name}: ${name}`);
  });
  expect(objects.length).toBeGreaterThan(40);
  expect(holding).toEqual([]);
});

test('no Secret is in the memory of its operator', () => {
  const secrets = life.operators.flatMap(({ operator }) => operator.cache.store('Secret').all());
  expect(secrets.length).toBeGreaterThan(5);
  expect(secrets.flatMap((secret) => Object.keys(secret))).not.toContain('data');
});

describe('kubectl', () => {
  const inNamespace = (...args: string[]) => kubectl(plane, ...args, '-n', life.namespace);
  const words = (line = '') => line.split(/\s{2,}/);

  test('get ac shows the first columns, and all of them with -o wide', async () => {
    const narrow = ['NAME', 'READY', 'API', 'PRIMARY', 'REPLICAS', 'REDIS', 'VERSION', 'AGE'];
    expect(words((await inNamespace('get', 'ac')).split('\n')[0])).toEqual(narrow);
    const wide = (await inNamespace('get', 'authclusters', '-o', 'wide')).split('\n')[0];
    expect(words(wide)).toEqual([...narrow, 'REASON', 'ENDPOINT']);
    expect(await inNamespace('get', 'all')).toContain('authcluster.authcluster.dev/acme');
  });

  test('describe tells each condition with reason and message', async () => {
    const { status } = await life.cluster();
    const text = await inNamespace('describe', 'ac', 'acme');
    for (const { type, reason, message } of status?.conditions ?? []) {
      for (const told of [type, reason, message]) expect(text).toContain(told);
    }
    expect(status?.conditions?.length).toBeGreaterThan(8);
  });

  test.each(['spec', 'status', 'spec.postgres.pooler', 'spec.redis.external.tls.mode'])(
    'explain tells of %s what the definition does',
    async (field) => {
      const text = await kubectl(plane, 'explain', `authcluster.${field}`);
      expect(text).toContain('DESCRIPTION:');
      expect(text).not.toContain('<empty>');
      expect(text).not.toContain('<no description>');
    },
  );
});
