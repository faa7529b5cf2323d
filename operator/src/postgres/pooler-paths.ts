import { stableHash } from '../controller/hash.ts';
import type { PodDialer } from '../kubernetes/dialer.ts';
import { COMPONENT_LABEL } from '../kubernetes/labels.ts';
import type { Pod } from '../kubernetes/objects.ts';
import { type Login, withPostgres } from './connection.ts';
import { isPodReady } from './patroni.ts';

/** Logs in to a pooler pod as the auth API does, and has a server answer. */
export type TryPath = (pod: Pod, login: Login) => Promise<PathAnswer>;

export interface PathAnswer {
  /** Of the server behind the pooler. */
  inRecovery: boolean;
}

/** What pooler pods lead to, seen by logging in. */
export type PathFinding =
  | { kind: 'works' }
  /** Nobody has answered yet. */
  | { kind: 'unknown' }
  | { kind: 'broken'; message: string };

/** Through the pods of each Deployment of poolers: one way that works is a way. */
export interface PathsSeen {
  readWrite: PathFinding;
  readOnly: PathFinding;
}

export interface PathsAsked {
  login: Login;
  /** Anything whose change makes what was seen before worth nothing: who leads, say. */
  under: string;
}

/** How long what was seen is taken to be so still. */
const WORKS_FOR_MS = 20_000;
const BROKEN_FOR_MS = 2000;

interface Seen {
  asked: string;
  /** Of the answer; undefined while there is none. */
  atMs: number | undefined;
  finding: PathFinding;
  underWay: boolean;
}

/**
 * Whether a login through each pooler pod reaches a server. A pod that is ready may have another password than the
 * server, or a server that only reads. Asked beside the passes: a server that is gone answers after seconds, and nothing
 * else may wait for that.
 */
export class PoolerPaths {
  readonly #attempt: TryPath;
  readonly #now: () => number;
  /** By AuthCluster, then by UID of the pod and login. */
  readonly #seen = new Map<string, Map<string, Seen>>();

  constructor(attempt: TryPath, now: () => number) {
    this.#attempt = attempt;
    this.#now = now;
  }

  forget(key: string): void {
    this.#seen.delete(key);
  }

  /** What is known by now. Ask again soon while it is not that all of it works. */
  through(key: string, pods: readonly Pod[], asked: PathsAsked): PathsSeen {
    const findings = this.look(key, pods, asked);
    const of = (component: string) => anyPath(findings.filter((_, index) => isOf(pods[index], component)));
    return { readWrite: of(READ_WRITE), readOnly: of('pooler-ro') };
  }

  /** What is known of each of these pods by now, in their order. */
  look(key: string, pods: readonly Pod[], { login, under }: PathsAsked): PathFinding[] {
    const known = this.#ofThose(key, pods);
    const asked = stableHash([login, under]);
    return pods.map((pod) => {
      if (!isPodReady(pod)) return { kind: 'unknown' };
      const id = `${pod.metadata.uid}/${login.user}`;
      const before = known.get(id);
      const seen: Seen =
        before?.asked === asked ? before : { asked, atMs: undefined, finding: UNKNOWN, underWay: false };
      known.set(id, seen);
      if (!seen.underWay && this.#isOld(seen)) void this.#ask(seen, pod, login);
      return seen.finding;
    });
  }

  /** Nothing is kept of pods that are gone. */
  #ofThose(key: string, pods: readonly Pod[]): Map<string, Seen> {
    const uids = new Set(pods.map(({ metadata }) => metadata.uid));
    const kept = [...(this.#seen.get(key) ?? [])].filter(([id]) => uids.has(id.split('/')[0] ?? ''));
    const known = new Map(kept);
    this.#seen.set(key, known);
    return known;
  }

  #isOld({ atMs, finding }: Seen): boolean {
    const lastsMs = finding.kind === 'works' ? WORKS_FOR_MS : BROKEN_FOR_MS;
    return atMs === undefined || this.#now() - atMs >= lastsMs;
  }

  async #ask(seen: Seen, pod: Pod, login: Login): Promise<void> {
    seen.underWay = true;
    try {
      seen.finding = findingOf(pod, await this.#attempt(pod, login));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      seen.finding = { kind: 'broken', message: `a login through ${pod.metadata.name} failed: ${message}` };
    }
    seen.atMs = this.#now();
    seen.underWay = false;
  }
}

const UNKNOWN: PathFinding = { kind: 'unknown' };

const READ_WRITE = 'pooler-rw';

function findingOf(pod: Pod, { inRecovery }: PathAnswer): PathFinding {
  if (!isOf(pod, READ_WRITE) || !inRecovery) return { kind: 'works' };
  return { kind: 'broken', message: `${pod.metadata.name} leads to a server that only reads` };
}

function isOf(pod: Pod | undefined, component: string): boolean {
  return pod?.metadata.labels?.[COMPONENT_LABEL] === component;
}

function anyPath(findings: readonly PathFinding[]): PathFinding {
  const first = (kind: PathFinding['kind']) => findings.find((each) => each.kind === kind);
  return first('works') ?? first('broken') ?? UNKNOWN;
}

const PORT = 5432;
/** Above the 5 s for which a pooler may hold statements back. */
const ANSWER_TIMEOUT_MS = 7000;

/** Over a real connection. */
export function pathThroughPooler(dialer: PodDialer, database: string): TryPath {
  return async ({ metadata, status }, login) => {
    const pod = { namespace: metadata.namespace, name: metadata.name, ip: status?.podIP ?? '' };
    const target = { pod, port: PORT, database, login, queryTimeoutMs: ANSWER_TIMEOUT_MS };
    const [row] = await withPostgres(dialer, target, (sql) =>
      sql.query<PathAnswer>('select pg_is_in_recovery() as "inRecovery"'),
    );
    if (row === undefined) throw new Error('no row came back');
    return row;
  };
}
