import type { Logger } from 'pino';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { PodAddress, PodDialer } from '../kubernetes/dialer.ts';
import type { Pod } from '../kubernetes/objects.ts';
import { addressOf } from '../kubernetes/pod-http.ts';
import { PORTS } from '../specs/names.ts';
import { type Login, withPostgres } from './connection.ts';
import type { Move, MoveReason } from './moves.ts';
import { type PatroniApi, patroniApi } from './patroni-api.ts';
import { type MoveOutcome, movePrimary } from './planned-move.ts';
import { pausePooler, resumePooler } from './pooler.ts';

export interface MoverOptions {
  client: KubernetesClient;
  dialer: PodDialer;
  now: () => number;
  sleep: (milliseconds: number) => Promise<void>;
  /** Hears of every attempt to move or restart a primary. */
  onMove: (reason: MoveReason, outcome: MoveOutcome) => void;
}

/** Who and what takes part in a move. */
export interface MoveScene {
  pods: readonly Pod[];
  /** Pooler pods that lead to the primary, as of now. Throws where the step is not the one to take any more. */
  poolers(): readonly Pod[];
  logins: { superuser: Login; pooler: Login; patroni: readonly Login[] };
  /** Whether the primary's Service sends connections to this pod alone, and the pod leads. */
  isPrimaryServed(target: string): Promise<boolean>;
  log: Logger;
}

/** A primary that was moved or restarted, or was to be. */
export interface MoveReport {
  from: string;
  to: string;
  reason: MoveReason;
  outcome: MoveOutcome;
  atMs: number;
}

interface Attempts {
  failed: number;
  notBeforeMs: number;
  why: string;
}

/** A commit without a table: a replica refuses it, and a primary that waits for a standby does not end it. */
const COMMIT_NOTHING = "select pg_logical_emit_message(true, 'authcluster', 'writes go on')";
const CHECKPOINT_TIMEOUT_MS = 120_000;
const FIRST_BACKOFF_MS = 10_000;
const LONGEST_BACKOFF_MS = 300_000;

/** Does what is decided about database pods. */
export class PostgresMover {
  readonly #options: MoverOptions;
  readonly #attempts = new Map<string, Attempts>();

  constructor(options: MoverOptions) {
    this.#options = options;
  }

  forget(key: string): void {
    this.#attempts.delete(key);
  }

  /** Why the last attempt to move the primary came to nothing; undefined where it did not. */
  problem(key: string): string | undefined {
    return this.#attempts.get(key)?.why;
  }

  /** Takes the next step. What it tells is of moves of the primary alone. */
  async carryOut(key: string, move: Move, scene: MoveScene): Promise<MoveReport | undefined> {
    const { client, dialer } = this.#options;
    const patroni = patroniApi(dialer, scene.logins.patroni);
    switch (move.kind) {
      case 'replace': {
        const outcome = await client.delete(podNamed(scene, move.pod));
        scene.log.info({ pod: move.pod, outcome }, 'deleted a database pod, to be made anew');
        return undefined;
      }
      case 'restart': {
        await patroni.restart(reachable(podNamed(scene, move.pod)));
        scene.log.info({ pod: move.pod }, 'restarted PostgreSQL of a replica');
        return undefined;
      }
      case 'restartPrimary':
        return this.#move(key, move.pod, move.pod, move.reason, patroni, scene);
      case 'switchover':
        return this.#move(key, move.from, move.to, move.reason, patroni, scene);
      default:
        this.#attempts.delete(key);
        return undefined;
    }
  }

  async #move(
    key: string,
    from: string,
    to: string,
    reason: MoveReason,
    patroni: PatroniApi,
    scene: MoveScene,
  ): Promise<MoveReport | undefined> {
    const { dialer, now, sleep, onMove } = this.#options;
    const before = this.#attempts.get(key);
    if (before !== undefined && now() < before.notBeforeMs) return undefined;
    const { superuser, pooler } = scene.logins;
    const primary = reachable(podNamed(scene, from));
    const target = reachable(podNamed(scene, to));
    const outcome = await movePrimary({
      poolers: () => scene.poolers().map(reachable),
      checkpoint: () => runOn(dialer, primary, superuser, 'CHECKPOINT', CHECKPOINT_TIMEOUT_MS),
      pause: (pod) => pausePooler(dialer, pod, pooler),
      resume: (pod) => resumePooler(dialer, pod, pooler),
      begin: () => (from === to ? patroni.restart(primary) : patroni.switchOver(primary, to)),
      endsWithAnswer: from === to,
      isServed: () => scene.isPrimaryServed(to),
      takesWrites: () =>
        runOn(dialer, target, superuser, COMMIT_NOTHING, 1000).then(
          () => true,
          () => false,
        ),
      now,
      sleep,
    });
    onMove(reason, outcome);
    scene.log.info({ from, to, reason, ...outcome }, 'moved the primary');
    if (outcome.kind === 'moved') this.#attempts.delete(key);
    else this.#backOff(key, before, outcome.kind === 'late' ? 'the new primary took no writes in time' : outcome.why);
    return { from, to, reason, outcome, atMs: now() };
  }

  #backOff(key: string, before: Attempts | undefined, why: string): void {
    const failed = (before?.failed ?? 0) + 1;
    const waitMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failed - 1));
    this.#attempts.set(key, { failed, notBeforeMs: this.#options.now() + waitMs, why });
  }
}

async function runOn(
  dialer: PodDialer,
  pod: PodAddress,
  login: Login,
  statement: string,
  queryTimeoutMs: number,
): Promise<void> {
  const target = { pod, port: PORTS.postgres, database: 'postgres', login, queryTimeoutMs };
  await withPostgres(dialer, target, (sql) => sql.query(statement));
}

function podNamed({ pods }: MoveScene, name: string): Pod {
  const pod = pods.find(({ metadata }) => metadata.name === name);
  if (pod === undefined) throw new Error(`pod ${name} is gone`);
  return pod;
}

function reachable(pod: Pod) {
  const address = addressOf(pod);
  if (address === undefined) throw new Error(`pod ${pod.metadata.name} has no address yet`);
  return address;
}
