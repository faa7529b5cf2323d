import type { Logger } from 'pino';
import { stableHash } from '../controller/hash.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { PodDialer } from '../kubernetes/dialer.ts';
import type { Pod } from '../kubernetes/objects.ts';
import { addressOf } from '../kubernetes/pod-http.ts';
import type { WantedAccounts } from './accounts.ts';
import { bootstrapAccounts } from './bootstrap.ts';
import type { Login } from './connection.ts';
import { ParameterChecks } from './parameter-checks.ts';
import { isPodReady, type PatroniView, stalePrimaries } from './patroni.ts';
import { reconnectPooler } from './pooler.ts';
import { type Connected, connectablePoolers, outdatedPoolers } from './pooler-connections.ts';

export interface PostgresTierOptions {
  client: KubernetesClient;
  dialer: PodDialer;
  now: () => number;
}

/** Accounts that were right are looked at again after this long: somebody may have changed them by hand. */
const ACCOUNTS_CHECKED_FOR_MS = 600_000;

/** What must be said to PostgreSQL and PgBouncer; what Patroni does by itself is left to it. */
export class PostgresTier {
  readonly #options: PostgresTierOptions;
  readonly #parameters: ParameterChecks;
  readonly #accounts = new Map<string, { wanted: string; checkedMs: number }>();
  /** What each pooler pod last reconnected for (a leader and a schema), by key and pod UID. */
  readonly #reconnected = new Map<string, Map<string, Connected>>();

  constructor(options: PostgresTierOptions) {
    this.#options = options;
    this.#parameters = new ParameterChecks(options.now);
  }

  forget(key: string): void {
    this.#accounts.delete(key);
    this.#parameters.forget(key);
    this.#reconnected.delete(key);
  }

  /** Takes the role label from pods that lost the leadership without noticing. Returns their names. */
  async unlabelStalePrimaries(view: PatroniView, pods: readonly Pod[], roleLabel: string): Promise<string[]> {
    const stale = stalePrimaries(view);
    for (const pod of pods.filter(({ metadata }) => stale.includes(metadata.name))) {
      const { resourceVersion } = pod.metadata;
      // The version makes sure that a label Patroni has just put there is not the one taken away.
      await this.#options.client.mergePatch(pod, { metadata: { resourceVersion, labels: { [roleLabel]: null } } });
    }
    return stale;
  }

  /** Which of spec.postgres.parameters did not come to be as asked for, for a person. */
  refusedParameters(key: string): readonly string[] {
    return this.#parameters.refused(key);
  }

  /**
   * Makes database, roles and privileges be there. False while there is no primary that takes them. On the way it sees what
   * became of spec.postgres.parameters.
   */
  async ensureAccounts(
    key: string,
    primary: Pod | undefined,
    superuser: readonly Login[],
    wanted: WantedAccounts,
    parameters: Readonly<Record<string, string>>,
    log: Logger,
  ): Promise<boolean> {
    const hash = stableHash(wanted);
    const known = this.#accounts.get(key);
    const right = known?.wanted === hash;
    const isFresh = right && this.#options.now() - known.checkedMs < ACCOUNTS_CHECKED_FOR_MS;
    const lookedAt = this.#parameters.due(key, parameters);
    if (isFresh && lookedAt.length === 0) return true;
    const address = primary === undefined || !isPodReady(primary) ? undefined : addressOf(primary);
    if (address === undefined) return right;
    const looking = bootstrapAccounts(this.#options.dialer, address, superuser, wanted, lookedAt);
    // Accounts that are known to be right are not in doubt because parameters could not be looked at.
    const outcome = isFresh ? await looking.catch(() => undefined) : await looking;
    if (outcome?.kind !== 'done') return right;
    if (lookedAt.length > 0) this.#parameters.saw(key, outcome.parameters);
    if (outcome.statements > 0) log.info({ statements: outcome.statements }, 'brought database accounts up to date');
    this.#accounts.set(key, { wanted: hash, checkedMs: this.#options.now() });
    return true;
  }

  /** These poolers have connected anew since this leader leads, by whom ever they were told to. */
  noteReconnected(key: string, view: PatroniView, poolers: readonly Pod[]): void {
    const known = this.#reconnected.get(key) ?? new Map<string, Connected>();
    this.#reconnected.set(key, known);
    for (const { metadata } of poolers) {
      known.set(metadata.uid, { leadership: leadershipOf(view), schema: known.get(metadata.uid)?.schema });
    }
  }

  /**
   * Has every pooler that knew another leader or another schema (or none) connect anew: to the one that leads now, and
   * without plans that were made before the migrations. `schema` names the migrations that are done. `view` is
   * undefined where the database is somebody else's: who leads there is not known, and every pooler has a server.
   */
  async reconnectPoolers(
    key: string,
    view: PatroniView | undefined,
    schema: string | undefined,
    poolers: readonly Pod[],
    console: Login,
    log: Logger,
  ): Promise<void> {
    if (view !== undefined && view.leader === undefined) return;
    const leadership = view === undefined ? 'external' : leadershipOf(view);
    const connectable = view === undefined ? poolers : connectablePoolers(poolers, view);
    const before = this.#reconnected.get(key) ?? new Map<string, Connected>();
    const after = new Map<string, Connected>();
    this.#reconnected.set(key, after);
    for (const pod of poolers) {
      const known = before.get(pod.metadata.uid);
      if (known !== undefined) after.set(pod.metadata.uid, known);
    }
    const outdated = outdatedPoolers(connectable, after, { leadership, schema });
    await Promise.all(
      outdated.map(async (pod) => {
        const address = addressOf(pod);
        if (address === undefined) return;
        await reconnectPooler(this.#options.dialer, address, console);
        after.set(pod.metadata.uid, { leadership, schema: schema ?? after.get(pod.metadata.uid)?.schema });
        log.info({ pod: pod.metadata.name, leader: view?.leader, schema }, 'had a pooler reconnect');
      }),
    );
  }
}

function leadershipOf({ leader, transitions }: PatroniView): string {
  return `${leader}/${transitions}`;
}
