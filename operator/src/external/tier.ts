import type { AuthCluster } from '../api/authcluster.ts';
import { stableHash } from '../controller/hash.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { ROLES } from '../specs/names.ts';
import { twinOf } from '../specs/secrets/rotated.ts';
import { ReferencedObjects } from './material.ts';
import { checkPostgres, type PostgresMaterial } from './postgres-check.ts';
import type { ExternalProblem } from './problem.ts';
import { checkRedis, type RedisMaterial } from './redis-check.ts';

/** What a pass found out about an external server. */
export interface ExternalState<Material> {
  /** What to log in with, seen to work; absent while it does not. */
  material?: Material;
  /** Why it does not work. */
  problem?: ExternalProblem;
  /** What works less well than declared: a replica, or an endpoint, that cannot be used. */
  shortcomings: readonly ExternalProblem[];
}

export type ExternalDatabase = ExternalState<PostgresMaterial>;
export type ExternalCache = ExternalState<RedisMaterial>;

export interface ExternalChecks {
  postgres: typeof checkPostgres;
  redis: typeof checkRedis;
}

export interface ExternalTierOptions {
  client: Pick<KubernetesClient, 'get'>;
  now: () => number;
  /** Replaced in tests of the controller. */
  checks?: ExternalChecks;
}

/** How long what was seen is taken to be so still. Wrong passwords are not tried often: servers lock accounts. */
const WORKS_FOR_MS = 25_000;
const FAILS_FOR_MS = 8000;

/** A name stands once in a user list, and these stand there for others than the server. */
const POOLER_USERS: ReadonlySet<string> = new Set(
  [ROLES.pooledApp, ROLES.pooler].flatMap((user) => [user, twinOf(user)]),
);

interface Seen<Material> {
  asked: string;
  atMs: number;
  state: ExternalState<Material>;
}

/** Servers of somebody else: what the spec refers to is read, and tried by a real connection. Nothing is changed there. */
export class ExternalTier {
  readonly #options: Required<ExternalTierOptions>;
  readonly #databases = new Map<string, Seen<PostgresMaterial>>();
  readonly #caches = new Map<string, Seen<RedisMaterial>>();

  constructor(options: ExternalTierOptions) {
    this.#options = { checks: { postgres: checkPostgres, redis: checkRedis }, ...options };
  }

  forget(key: string): void {
    this.#databases.delete(key);
    this.#caches.delete(key);
  }

  /** Undefined where the database is Managed. */
  async database(key: string, cluster: AuthCluster): Promise<ExternalDatabase | undefined> {
    const { external } = cluster.spec.postgres;
    if (external === undefined) return undefined;
    const objects = new ReferencedObjects(this.#options.client, cluster.metadata.namespace);
    const field = 'spec.postgres.external';
    const { migration: migrationSecret } = external.credentials;
    const [application, migration, authority] = await Promise.all([
      objects.login(external.credentials.application, `${field}.credentials.application`),
      migrationSecret && objects.login(migrationSecret, `${field}.credentials.migration`),
      objects.authority(external.tls, `${field}.tls`),
    ]);
    if (application.kind === 'problem') return refused(application.problem);
    const { username } = application.value;
    if (POOLER_USERS.has(username)) {
      const message = `${field}.credentials.application: the poolers have a user ${username} of their own: log in as another role`;
      return refused({ reason: 'UsernameReserved', message });
    }
    if (migration?.kind === 'problem') return refused(migration.problem);
    if (authority.kind === 'problem') return refused(authority.problem);
    const material = {
      application: application.value,
      ...(migration === undefined ? {} : { migration: migration.value }),
      ...(authority.value === undefined ? {} : { ca: authority.value }),
    };
    return this.#remembered(this.#databases, key, [external, material], async () => {
      const { problem, replicaProblems } = await this.#options.checks.postgres(external, material);
      return problem === undefined ? { material, shortcomings: replicaProblems } : refused(problem);
    });
  }

  /** Undefined where Redis is Managed. */
  async cache(key: string, cluster: AuthCluster): Promise<ExternalCache | undefined> {
    const { external } = cluster.spec.redis;
    if (external === undefined) return undefined;
    const objects = new ReferencedObjects(this.#options.client, cluster.metadata.namespace);
    const field = 'spec.redis.external';
    const [login, authority] = await Promise.all([
      objects.login(external.credentials, `${field}.credentials`),
      objects.authority(external.tls, `${field}.tls`),
    ]);
    if (login.kind === 'problem') return refused(login.problem);
    if (authority.kind === 'problem') return refused(authority.problem);
    const material = { login: login.value, ...(authority.value === undefined ? {} : { ca: authority.value }) };
    return this.#remembered(this.#caches, key, [external, material], async () => {
      const { problem, readyEndpoints } = await this.#options.checks.redis(external, material);
      if (problem === undefined) return { material, shortcomings: [] };
      return readyEndpoints === 0 ? refused(problem) : { material, shortcomings: [problem] };
    });
  }

  async #remembered<Material>(
    seen: Map<string, Seen<Material>>,
    key: string,
    question: unknown,
    answer: () => Promise<ExternalState<Material>>,
  ): Promise<ExternalState<Material>> {
    const asked = stableHash(question);
    const known = seen.get(key);
    const lastsMs = known?.state.problem === undefined ? WORKS_FOR_MS : FAILS_FOR_MS;
    if (known?.asked === asked && this.#options.now() - known.atMs < lastsMs) return known.state;
    const state = await answer();
    seen.set(key, { asked, atMs: this.#options.now(), state });
    return state;
  }
}

function refused(problem: ExternalProblem): ExternalState<never> {
  return { problem, shortcomings: [] };
}
