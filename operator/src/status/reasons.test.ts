import { describe, expect, test } from '@jest/globals';
import type { AuthCluster } from '../api/authcluster.ts';
import { blindAutoscalers } from '../controller/blind-autoscalers.ts';
import {
  CertificateNotIssued,
  ExtensionMissing,
  NameTaken,
  ReferenceMalformed,
  ReferenceMissing,
  RouteRefused,
  SecretIncomplete,
  StorageNotExpandable,
} from '../controller/errors.ts';
import { Pass } from '../controller/pass.ts';
import { unbelievedGateway } from '../controller/unbelieved-gateway.ts';
import type { ExternalProblemReason } from '../external/problem.ts';
import type { Deployment, Job, LiveObject } from '../kubernetes/objects.ts';
import { wantedRevision } from '../rollout/revision.ts';
import type { Check } from '../rollout/terms.ts';
import { parseKeySet } from '../signing-keys/key-set.ts';
import { allObjects } from '../specs/all-objects.ts';
import { REVISION_ANNOTATION } from '../specs/names.ts';
import { observedAllReady } from '../testing/observations.ts';
import { clusterWith, SAMPLE_INPUTS } from '../testing/sample-clusters.ts';
import { NOTHING_OBSERVED, type Observed, type Tier } from './observed.ts';
import type { Reason } from './reasons.ts';
import { refusal } from './refusals.ts';
import { statusOf } from './status.ts';

const NOW = new Date('2026-01-02T03:04:05Z');
const demo = clusterWith({}, 'demo');
const settled = observedAllReady(demo, allObjects(demo, SAMPLE_INPUTS));

/** What `kubectl describe` shows of each condition: `False Creating: StatefulSet ...`. */
type Shown = Readonly<Record<string, string>>;

/** `inputs` are null where it is not known which images to run. */
function shown(
  observed: Observed,
  cluster: AuthCluster = demo,
  inputs: typeof SAMPLE_INPUTS | null = SAMPLE_INPUTS,
): Shown {
  const { conditions = [] } = statusOf(cluster, observed, inputs ?? undefined, NOW);
  return Object.fromEntries(
    conditions.map(({ type, status, reason, message }) => [type, `${status} ${reason}: ${message}`]),
  );
}

function withDeployment(name: string, change: (live: Deployment) => object): Observed {
  const live = settled.deployments.get(name) as Deployment;
  return { ...settled, deployments: new Map([...settled.deployments, [name, { ...live, ...change(live) }]]) };
}

function withStatus(name: string, status: object): Observed {
  return withDeployment(name, (live) => ({ status: { ...live.status, ...status } }));
}

function withJob(status: Job['status'] & object): Observed {
  return { ...settled, jobs: new Map([...settled.jobs].map(([name, job]) => [name, { ...job, status }])) };
}

function withPatroni(change: Partial<Observed['patroni']>): Observed {
  return { ...settled, patroni: { ...settled.patroni, ...change } };
}

function withRedis(change: Partial<NonNullable<Observed['redis']>>): Observed {
  return { ...settled, redis: { readyNodes: 6, shards: 3, slotsCovered: 16_384, shardsInUse: 3, ...change } };
}

/** A step of the pass that failed with this error. */
async function failed(tier: Tier | undefined, step: string, fail: () => unknown): Promise<Observed> {
  const pass = new Pass();
  await pass.attempt(step, tier, async () => fail());
  return { ...settled, failures: pass.failures };
}

const raise = (error: Error) => () => {
  throw error;
};

const changed = clusterWith({ api: { env: [{ name: 'LOG_LEVEL', value: 'debug' }] } }, 'demo');

interface Rollout {
  annotations?: Record<string, string>;
  api?: Partial<Observed['api']>;
  green?: Deployment['status'] & object;
  migrated?: boolean;
}

/** The auth API is to get another environment. */
function rollout({ annotations = {}, api = {}, green, migrated = true }: Rollout): Shown {
  const cluster = { ...changed, metadata: { ...changed.metadata, annotations } };
  const blue = settled.deployments.get('demo-api-blue') as Deployment;
  const marks = { annotations: { [REVISION_ANNOTATION]: wantedRevision(changed, SAMPLE_INPUTS).name } };
  const other = { ...blue, metadata: { ...blue.metadata, name: 'demo-api-green', ...marks }, status: green ?? {} };
  return shown(
    {
      ...settled,
      deployments: new Map([
        ...settled.deployments,
        ...(green === undefined ? [] : [[other.metadata.name, other] as const]),
      ]),
      jobs: migrated ? observedAllReady(changed, allObjects(changed, SAMPLE_INPUTS)).jobs : new Map(),
      api: { ...settled.api, ...api },
      atMs: 1_000_000,
    },
    cluster,
  );
}

const GREEN = { observedGeneration: 1, replicas: 8, readyReplicas: 8, updatedReplicas: 8 };
const check: Check = { kind: 'failed', message: 'pod demo-api-green-x answers 503 to a log-in' };
const revision = wantedRevision(changed, SAMPLE_INPUTS).name;
const namely = (missing: 'object' | readonly string[], kind: 'Secret' | 'ConfigMap') =>
  failed(
    'api',
    'spec.api.env[0]',
    raise(
      new ReferenceMissing(
        { field: 'spec.api.env[0]', kind, name: 'mine', keys: ['token'], reloaded: false, optional: false },
        'auth',
        missing,
      ),
    ),
  );
const { redis: _, ...withoutRedis } = settled;
const external = {
  primary: { host: 'db.test' },
  database: 'auth',
  maxConnections: 400,
  credentials: { application: { secretName: 'db' } },
};

const moving = (next: Observed['moves']['next']) => shown({ ...settled, moves: { next } });
const switchover: Extract<Observed['moves']['next'], { kind: 'switchover' }> = {
  kind: 'switchover',
  from: 'demo-postgres-0',
  to: 'demo-postgres-1',
  reason: 'Drain',
  message: 'making demo-postgres-1 the primary: the node of demo-postgres-0 is cordoned',
};

const overQuota = refusal('StatefulSet demo-postgres', 'exceeded quota: small');
const refusedReplicas = {
  ...{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate' },
  message: 'pods "demo-pooler-rw-x" is forbidden: violates PodSecurity',
};

const ELSEWHERE = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'demo-gateway-7', namespace: 'auth', uid: 'u', resourceVersion: '1' },
  spec: {},
  status: { podIP: '2001:db8::7' },
};

const BLIND = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: {
    ...{ name: 'demo-api', namespace: 'auth', uid: 'u', resourceVersion: '1' },
    labels: { 'app.kubernetes.io/component': 'auth-api' },
  },
  status: {
    conditions: [
      {
        type: 'ScalingActive',
        status: 'False',
        reason: 'FailedGetResourceMetric',
        message: 'unable to get metrics for resource cpu',
        lastTransitionTime: '2026-01-02T02:00:00Z',
      },
    ],
  },
} as LiveObject;

type Case = readonly [condition: string, () => Shown | Promise<Shown>, message: string];

/** One for each reason, which the compiler sees to. Those of external servers are external/'s to test. */
const CASES: Readonly<Record<Exclude<Reason, ExternalProblemReason> | ReferenceMissing['reason'], Case>> = {
  Ready: ['Ready', () => shown(settled), 'True Ready: every tier is as declared'],
  Settled: ['Progressing', () => shown(settled), 'False Settled: every tier is as declared'],
  AsDeclared: ['Degraded', () => shown(settled), 'False AsDeclared: nothing needs attention'],
  Blocked: [
    'Progressing',
    () => shown(withJob({ failed: 7, conditions: [{ type: 'Failed', status: 'True' }] })),
    'False Blocked: Job demo-migrations-<hash> gave up: see kubectl logs -n auth job/demo-migrations-<hash>; delete the Job to try again',
  ],
  Adding: [
    'CredentialsRotating',
    () =>
      shown({
        ...settled,
        credentials: { stage: 'Adding', message: 'demo-postgres-app: Adding, waiting for poolers' },
      }),
    'True Adding: demo-postgres-app: Adding, waiting for poolers',
  ],
  Moving: [
    'CredentialsRotating',
    () =>
      shown({
        ...settled,
        credentials: { stage: 'Moving', message: 'demo-postgres-app: Moving, waiting for poolers' },
      }),
    'True Moving: demo-postgres-app: Moving, waiting for poolers',
  ],
  Removing: [
    'CredentialsRotating',
    () =>
      shown({
        ...settled,
        credentials: { stage: 'Removing', message: 'demo-postgres-app: Removing, waiting for poolers' },
      }),
    'True Removing: demo-postgres-app: Removing, waiting for poolers',
  ],
  Paused: [
    'Progressing',
    () => shown(settled, clusterWith({ paused: true }, 'demo')),
    'False Paused: nothing is changed but this status; set spec.paused to false to go on',
  ],
  Hibernating: [
    'DatabaseReady',
    () => shown({ ...settled, podCounts: { postgres: 2 } }, clusterWith({ hibernated: true }, 'demo')),
    'False Hibernating: 2 pods of postgres still there',
  ],
  Hibernated: [
    'Ready',
    () => shown(settled, clusterWith({ hibernated: true }, 'demo')),
    'False Hibernated: no pod runs and the data are kept; set spec.hibernated to false to wake it',
  ],
  Creating: [
    'DatabaseReady',
    () => shown(NOTHING_OBSERVED),
    'False Creating: StatefulSet demo-postgres is being created',
  ],
  Starting: ['CacheReady', () => shown(withoutRedis), 'False Starting: no Redis node answers yet'],
  Bootstrapping: [
    'DatabaseReady',
    () => shown(withPatroni({ leader: undefined, initialized: false })),
    'False Bootstrapping: the database is being created',
  ],
  CreatingAccounts: [
    'DatabaseReady',
    () => shown({ ...settled, accountsReady: false }),
    'False CreatingAccounts: roles, database and privileges are being created',
  ],
  Connecting: [
    'DatabaseReady',
    () => shown(settled, clusterWith({ postgres: { mode: 'External', external } }, 'demo')),
    'False Connecting: the external database is being looked at',
  ],
  CheckingPath: [
    'PoolerReady',
    () => shown({ ...settled, poolerPaths: { readWrite: { kind: 'unknown' }, readOnly: { kind: 'works' } } }),
    'False CheckingPath: a login through the poolers is being tried',
  ],
  WaitingForDatabase: [
    'PoolerReady',
    () => shown(NOTHING_OBSERVED),
    'False WaitingForDatabase: demo-pooler-rw begins when the database serves',
  ],
  WaitingForDataTiers: [
    'ApiReady',
    () => shown(NOTHING_OBSERVED),
    'False WaitingForDataTiers: demo-api-blue begins when data tiers serve and migrations are done',
  ],
  WaitingForMigrations: [
    'ApiReady',
    () => rollout({ migrated: false }),
    'True WaitingForMigrations: blue serves on until migrations are done',
  ],
  WaitingForApi: [
    'GatewayReady',
    () => shown(NOTHING_OBSERVED),
    'False WaitingForApi: demo-gateway begins when the auth API serves',
  ],
  NotReady: [
    'GatewayReady',
    () => shown(withStatus('demo-gateway', { readyReplicas: 0 })),
    'False NotReady: no pod of demo-gateway is ready',
  ],
  RollingOut: [
    'GatewayReady',
    () => shown(withStatus('demo-gateway', { updatedReplicas: 2 })),
    'True RollingOut: 8 pods of demo-gateway serve; others are being replaced',
  ],
  ScalingUp: [
    'GatewayReady',
    () => shown(withStatus('demo-gateway', { readyReplicas: 2 })),
    'True ScalingUp: 2 of 6 pods of demo-gateway are ready',
  ],
  ReplicasNotReady: [
    'DatabaseReady',
    () => shown(withPatroni({ members: settled.patroni.members.slice(0, 2) })),
    'True ReplicasNotReady: primary demo-postgres-0 serves; 1 of 2 replicas are ready',
  ],
  ChangeWaits: [
    'DatabaseReady',
    () => moving({ kind: 'wait', message: 'a migration has to end' }),
    'True ChangeWaits: primary demo-postgres-0 serves; a migration has to end',
  ],
  Restarting: [
    'DatabaseReady',
    () => moving({ kind: 'restart', pod: 'demo-postgres-1', message: 'restarting demo-postgres-1 for jit' }),
    'True Restarting: primary demo-postgres-0 serves; restarting demo-postgres-1 for jit',
  ],
  SwitchingOver: [
    'DatabaseReady',
    () => moving(switchover),
    `True SwitchingOver: primary demo-postgres-0 serves; ${switchover.message}`,
  ],
  SwitchoverRefused: [
    'Degraded',
    () => shown({ ...settled, moves: { next: { kind: 'none' }, refusal: 'allowed: demo-postgres-1' } }),
    'True SwitchoverRefused: allowed: demo-postgres-1',
  ],
  SwitchoverGivenUp: [
    'Degraded',
    () => shown({ ...settled, moves: { next: switchover }, moveProblem: 'Query read timeout' }),
    'True SwitchoverGivenUp: Query read timeout',
  ],
  ParametersRefused: [
    'DatabaseReady',
    () =>
      shown({ ...settled, refusedParameters: ['spec.postgres.parameters.wrok_mem: PostgreSQL has no such parameter'] }),
    'True ParametersRefused: primary demo-postgres-0 and 2 of 2 replicas serve; spec.postgres.parameters.wrok_mem: PostgreSQL has no such parameter',
  ],
  GrowingStorage: [
    'DatabaseReady',
    () => shown({ ...settled, volumes: { ...settled.volumes, renewTemplate: true } }),
    'True GrowingStorage: primary demo-postgres-0 serves; 0 volumes are to grow, which their driver does',
  ],
  GrowthFailed: [
    'Degraded',
    () =>
      shown({ ...settled, volumes: { ...settled.volumes, renewTemplate: true, growthProblem: 'data-0: no space' } }),
    'True GrowthFailed: data-0: no space',
  ],
  StorageNotExpandable: [
    'Degraded',
    async () =>
      shown(
        await failed('database', 'database volumes', raise(new StorageNotExpandable('data-0', '2Gi', new Error('no')))),
      ),
    'True StorageNotExpandable: database volumes: volume claim data-0 cannot grow to 2Gi: no. Where its storage class has no allowVolumeExpansion: set that, if its driver can, or set postgres.storage.size back',
  ],
  Rearranging: [
    'CacheReady',
    () => shown(withRedis({ activity: 'moving 12 slots' })),
    'True Rearranging: all slots are served: moving 12 slots',
  ],
  NodesNotReady: [
    'CacheReady',
    () => shown(withRedis({ readyNodes: 5 })),
    'True NodesNotReady: all slots are served; 5 of 6 nodes are ready',
  ],
  Running: ['MigrationsApplied', () => shown(withJob({ active: 1 })), 'False Running: Job demo-migrations-<hash> runs'],
  ImageUnknown: [
    'MigrationsApplied',
    () => shown(settled, demo, null),
    'False ImageUnknown: it is not known which image to run',
  ],
  QuotaExceeded: [
    'DatabaseReady',
    () => shown({ ...withPatroni({ leader: undefined, initialized: false }), refusals: { database: overQuota } }),
    'False QuotaExceeded: StatefulSet demo-postgres does not get its pods: exceeded quota: small. Next: raise the ResourceQuota of the namespace, or ask for less: fewer pods, smaller resources',
  ],
  PodsRefused: [
    'PoolerReady',
    () => shown(withStatus('demo-pooler-rw', { readyReplicas: 0, conditions: [refusedReplicas] })),
    'False PodsRefused: Deployment demo-pooler-rw does not get its pods: pods "demo-pooler-rw-x" is forbidden: violates PodSecurity. Next: let the namespace have them: its LimitRange, Pod Security level or an admission webhook stands in the way',
  ],
  PrimaryMissing: [
    'DatabaseReady',
    () => shown(withPatroni({ leader: undefined })),
    'False PrimaryMissing: no member leads; Patroni elects one as soon as one is fit',
  ],
  PrimaryNotReady: [
    'DatabaseReady',
    () => shown(withPatroni({ members: [] })),
    'False PrimaryNotReady: primary demo-postgres-0 is not ready',
  ],
  PrimaryUnreachable: [
    'PoolerReady',
    () =>
      shown({
        ...settled,
        poolerPaths: {
          readWrite: { kind: 'broken', message: 'demo-pooler-rw answers: no such user' },
          readOnly: { kind: 'works' },
        },
      }),
    'False PrimaryUnreachable: demo-pooler-rw answers: no such user',
  ],
  ReplicasUnreachable: [
    'PoolerReady',
    () =>
      shown({
        ...settled,
        poolerPaths: {
          readWrite: { kind: 'works' },
          readOnly: { kind: 'broken', message: 'demo-pooler-ro answers: timeout' },
        },
      }),
    'True ReplicasUnreachable: no replica answers, and the API reads from the primary: demo-pooler-ro answers: timeout',
  ],
  SlotsNotCovered: [
    'CacheReady',
    () => shown(withRedis({ slotsCovered: 10_923, activity: 'meeting 2 nodes' })),
    'False SlotsNotCovered: 10923 of 16384 slots are served: meeting 2 nodes',
  ],
  MigrationFailed: [
    'Degraded',
    () => shown(withJob({ failed: 7, conditions: [{ type: 'Failed', status: 'True' }] })),
    'True MigrationFailed: Job demo-migrations-<hash> gave up: see kubectl logs -n auth job/demo-migrations-<hash>; delete the Job to try again',
  ],
  MigrationRetrying: [
    'Degraded',
    () => shown(withJob({ failed: 2 })),
    'True MigrationRetrying: Job demo-migrations-<hash> failed 2 times and tries again: see kubectl logs -n auth job/demo-migrations-<hash>',
  ],
  AutoscalerBlind: [
    'ApiReady',
    () => shown({ ...settled, blindAutoscalers: blindAutoscalers([BLIND], Date.parse('2026-01-02T03:04:05Z')) }),
    'True AutoscalerBlind: HorizontalPodAutoscaler demo-api cannot measure, and the number of pods stays as it is: unable to get metrics for resource cpu (FailedGetResourceMetric). Next: install or mend metrics-server (kubectl top pods), and see that each container of these pods requests CPU',
  ],
  GatewayNotBelieved: [
    'GatewayReady',
    () => shown({ ...settled, unbelievedGateway: unbelievedGateway(demo, [ELSEWHERE]) }),
    'True GatewayNotBelieved: pod demo-gateway-7 has the address 2001:db8::7, which is in none of api.clusterNetworks: the auth API takes it for the client of every request, and all clients share one limit. Next: add the network of the pods there',
  ],
  GatewayNotExposed: [
    'GatewayReady',
    () => {
      const message = 'Service demo-gateway has no address. Next: see that something makes load balancers';
      return shown({ ...settled, unexposedGateway: { reason: 'GatewayNotExposed', message, mayBeServed: false } });
    },
    'True GatewayNotExposed: Service demo-gateway has no address. Next: see that something makes load balancers',
  ],
  RolloutStarting: [
    'ApiReady',
    () => rollout({ green: {} }),
    'True RolloutStarting: blue serves; 0 of 1 pods of green are ready',
  ],
  RolloutChecking: [
    'ApiReady',
    () => rollout({ green: GREEN }),
    'True RolloutChecking: blue serves; green is being checked',
  ],
  RolloutBaking: [
    'ApiReady',
    () => rollout({ green: GREEN, api: { serving: 'green', record: { switchedAtMs: 999_000 } } }),
    'True RolloutBaking: green has the traffic and is watched, but compared with nothing, since the pods before it told nothing; blue stands by',
  ],
  RolloutStuck: [
    'Degraded',
    () => rollout({ green: GREEN, api: { check } }),
    'True RolloutStuck: blue serves; green did not pass its check: pod demo-api-green-x answers 503 to a log-in. Next: see the logs of demo-api-green',
  ],
  RolledBack: [
    'Degraded',
    () =>
      rollout({ api: { record: { rejected: { revision, message: 'green was taken back: 40 % of logins failed' } } } }),
    'True RolledBack: green was taken back: 40 % of logins failed',
  ],
  RolloutAborted: [
    'Degraded',
    () => rollout({ annotations: { 'authcluster.dev/abort': revision } }),
    'True RolloutAborted: revision <hash> was aborted: change the spec, or remove the annotation authcluster.dev/abort',
  ],
  SecretMissing: [
    'Degraded',
    async () => shown(await namely('object', 'Secret')),
    'True SecretMissing: spec.api.env[0]: there is no Secret mine in namespace auth: create it, with a value for "token"',
  ],
  SecretIncomplete: [
    'Degraded',
    async () =>
      shown(await failed(undefined, 'credentials', raise(new SecretIncomplete('demo-postgres-app', 'password')))),
    'True SecretIncomplete: credentials: Secret demo-postgres-app has no value for key "password": add it',
  ],
  SecretMalformed: [
    'Degraded',
    async () => shown(await failed('api', 'mail', raise(new ReferenceMalformed('mine', 'url', 'an https URL')))),
    'True SecretMalformed: mail: Secret mine: the value for "url" must be an https URL',
  ],
  ConfigMapMissing: [
    'Degraded',
    async () => shown(await namely('object', 'ConfigMap')),
    'True ConfigMapMissing: spec.api.env[0]: there is no ConfigMap mine in namespace auth: create it, with a value for "token"',
  ],
  ConfigMapIncomplete: [
    'Degraded',
    async () => shown(await namely(['token'], 'ConfigMap')),
    'True ConfigMapIncomplete: spec.api.env[0]: ConfigMap mine has no value for "token": add it',
  ],
  ExtensionMissing: [
    'Degraded',
    async () =>
      shown(await failed('gateway', 'apply HTTPRoute demo-gateway', raise(new ExtensionMissing('the Gateway API')))),
    'True ExtensionMissing: apply HTTPRoute demo-gateway: the Gateway API is not installed in this cluster: install it, or change what asks for it',
  ],
  NameTaken: [
    'GatewayReady',
    async () => {
      const theirs = { apiVersion: 'v1', kind: 'Service', metadata: { ...BLIND.metadata, name: 'demo-gateway' } };
      return shown(await failed('gateway', 'apply Service demo-gateway', raise(new NameTaken(theirs))));
    },
    'True NameTaken: apply Service demo-gateway: Service demo-gateway is there already in namespace auth, and not of this AuthCluster: rename or remove it, or give the AuthCluster another name',
  ],
  RouteRefused: [
    'Degraded',
    async () =>
      shown(
        await failed(
          'gateway',
          'HTTPRoute',
          raise(
            new RouteRefused('edge/public', {
              type: 'Accepted',
              reason: 'NotAllowedByListeners',
              message: 'no listener allows namespace auth',
            }),
          ),
        ),
      ),
    'True RouteRefused: HTTPRoute: Gateway edge/public says that Accepted is False (NotAllowedByListeners): no listener allows namespace auth. Next: change its listener, or gateway.expose',
  ],
  CertificateNotIssued: [
    'Degraded',
    async () =>
      shown(
        await failed(
          'gateway',
          'cert-manager',
          raise(
            new CertificateNotIssued(
              'demo-gateway',
              { name: 'letsencrypt', kind: 'ClusterIssuer' },
              { reason: 'DoesNotExist', message: 'Issuing certificate as Secret does not exist' },
            ),
          ),
        ),
      ),
    'True CertificateNotIssued: cert-manager: Certificate demo-gateway is not issued: Issuing certificate as Secret does not exist (DoesNotExist). Next: see that ClusterIssuer letsencrypt is there and ready, and what kubectl describe certificaterequest says',
  ],
  SigningKeysMalformed: [
    'Degraded',
    async () => shown(await failed('api', 'signing keys', () => parseKeySet('{', 'demo-signing-keys'))),
    'True SigningKeysMalformed: signing keys: keyset.json of Secret demo-signing-keys is no key set: it is not JSON; mend it, or delete the Secret',
  ],
  StepFailed: [
    'Degraded',
    async () => shown(await failed('cache', 'Redis topology', raise(new Error('connect ECONNREFUSED 10.0.0.7:6379')))),
    'True StepFailed: Redis topology: connect ECONNREFUSED 10.0.0.7:6379',
  ],
};

describe('a condition', () => {
  test.each(Object.entries(CASES))(
    'with reason %s says what it is about, and what to do',
    async (reason, [type, see, message]) => {
      const found = (await see())[type]?.replace(/\b[0-9a-f]{10}\b/g, '<hash>');
      expect(found).toBe(message);
      expect(found).toContain(` ${reason}: `);
    },
  );

  test.each([
    ['demo-api-blue', 'fewer than declared', 1, 'True ScalingUp'],
    ['demo-gateway', 'fewer than declared', 1, 'True ScalingUp'],
    ['demo-gateway', 'fewer than its autoscaler wants', 8, 'True Ready'],
  ])('tells of a quota that lets %s have %s', (deployment, _share, readyReplicas, tier) => {
    const refused = [{ ...refusedReplicas, message: 'exceeded quota: small' }];
    const conditions = shown(withStatus(deployment, { readyReplicas, conditions: refused }));
    expect(conditions[deployment === 'demo-gateway' ? 'GatewayReady' : 'ApiReady']).toMatch(tier);
    expect(conditions.Degraded).toContain(
      `True QuotaExceeded: Deployment ${deployment} does not get its pods: exceeded quota: small. Next: `,
    );
  });
});
