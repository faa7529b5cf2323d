import { Freshness } from '../cache/freshness.ts';
import { GatheredReads } from '../cache/gathered-reads.ts';
import { createAnnounce } from '../cache/invalidation-announcer.ts';
import { InvalidationDelivery } from '../cache/invalidation-delivery.ts';
import type { CommittedEvent } from '../cache/invalidation-events.ts';
import { InvalidationListener } from '../cache/invalidation-listener.ts';
import { CachedLiveSessions, type SessionState, sessionStateCodec } from '../cache/live-sessions.ts';
import { LocalCache } from '../cache/local-cache.ts';
import { LoginMemory } from '../cache/login-memory.ts';
import { beyondReplicas } from '../cache/lsn.ts';
import { OwnWrites } from '../cache/own-writes.ts';
import { SharedCache, type SharedCacheCodec } from '../cache/shared-cache.ts';
import { CachedUserViews, grantsCodec, userBasicsCodec } from '../cache/user-views.ts';
import type { Grants, UserBasics } from '../domain/ports/users.ts';
import { type Change, type PostgresSimulation, type Rows, type Transaction, theId } from './postgres-simulation.ts';
import type { RedisSimulation, Turn } from './redis-simulation.ts';

export interface World {
  readonly postgres: PostgresSimulation;
  readonly redis: RedisSimulation;
  readonly turn: Turn;
  readonly nowMs: () => number;
  /** The session that makes all changes: what it has been told is written. */
  readonly session: { writtenLsn: number };
}

export type Row = keyof Rows;
const rowsOf: Readonly<Record<Change, Row>> = {
  session: 'session',
  profile: 'profile',
  grants: 'grants',
  role: 'grants',
};

/** Says when trust begins. */
class WatchedFreshness extends Freshness {
  onTrust = () => {};

  override trustUntil(ms: number): void {
    if (!this.isTrusted()) this.onTrust();
    super.trustUntil(ms);
  }
}

/** A pod's caches, wired as in production, over simulated servers; and what it must know by now. */
export class PodSimulation {
  readonly freshness: WatchedFreshness;
  readonly subscriber;
  /** How much of the log reads that begin from now on must show, by row. */
  readonly #knownLsn: Record<Row, number> = { session: 0, profile: 0, grants: 0 };
  readonly #reading: Record<Row, number> = { session: 0, profile: 0, grants: 0 };
  readonly #world: World;
  readonly #sessions: CachedLiveSessions;
  readonly #views: CachedUserViews;
  readonly #logins: LoginMemory;
  readonly #announce;
  readonly #ownWrites: OwnWrites;
  #lostWrites = 0;
  readonly vouched;

  constructor(world: World) {
    const { postgres, redis, turn, nowMs } = world;
    this.#world = world;
    this.freshness = new WatchedFreshness(nowMs);
    const caches = this.#openCaches();
    const { session, userBasic, sessionData, userProfile, userPermissions } = caches;
    const query = this.#query;
    const commitPoint = () => query(() => postgres.commitPoint());
    const onError = () => {
      this.#lostWrites += 1;
    };
    this.#ownWrites = new OwnWrites({ positions: redis.positions, freshness: this.freshness, commitPoint, onError });
    const reads = new GatheredReads<SessionState>({
      read: (ids) => query(() => rowsById(ids, stateOf(postgres.readRows(beyondReplicas)))),
      maxReads: 1,
      patienceMs: 2 ** 30,
    });
    this.#sessions = new CachedLiveSessions({
      local: session,
      shared: sessionData,
      findLive: (id) => reads.find(id),
      nowMs: () => 0,
    });
    this.#logins = new LoginMemory({
      ...caches,
      // The one session of this world has written by the time that it is opened again.
      ownWrites: { opened: () => {} },
      later: (work) => void turn('a login is answered').then(work),
    });
    this.#views = new CachedUserViews({
      local: userBasic,
      profiles: userProfile,
      permissions: userPermissions,
      reads: {
        basics: (_, minimumLsn) => query(() => basicsOf(postgres.readRows(minimumLsn))),
        grants: (_, minimumLsn) => query(() => grantsOf(postgres.readRows(minimumLsn))),
      },
      ownWrites: this.#ownWrites,
    });
    let readLsn = 0;
    const standing = async () => {
      const answer = await query(() => postgres.standing());
      readLsn = Number(answer.lsn);
      return answer;
    };
    this.freshness.onTrust = () => this.#know(['session', 'profile', 'grants'], readLsn);
    const listener = new InvalidationListener({
      freshness: this.freshness,
      caches: [session, userBasic, sessionData, userProfile, userPermissions],
      source: { standing },
      nowMs,
      onApplied: (event) => this.#know(rowsIn(event), Number(event.lsn)),
    });
    this.subscriber = { isConnected: true, receive: (text: string) => listener.receive(text) };
    redis.subscribers.push(this.subscriber);
    this.vouched = () => listener.vouched();
    this.#announce = createAnnounce({
      listener,
      delivery: new InvalidationDelivery(redis.store, redis),
      commitPoint,
      nowMs,
      onError: () => {},
    });
  }

  /** Commits, and tells of it before the change is answered; one session makes all changes, on whichever pod. */
  async change(transaction: Transaction): Promise<void> {
    const event = this.#world.postgres.commit(transaction);
    const { lsn } = this.#world.postgres;
    await this.#announce(event);
    this.#know([rowsOf[transaction.change]], lsn);
    const lostWrites = this.#lostWrites;
    await this.#ownWrites.wrote(theId);
    if (lostWrites === this.#lostWrites) this.#world.session.writtenLsn = Math.max(lsn, this.#world.session.writtenLsn);
  }

  /**
   * The value that is shown, to the session that makes the changes or to another, and the least that it must be.
   * @throws SimulatedOutage where it cannot be known
   */
  async read(row: Row, isOwn: boolean): Promise<{ readonly value: number; readonly least: number }> {
    const { postgres, session } = this.#world;
    const isTrusted = this.freshness.isTrusted();
    // Without trust the primary answers; whoever joins a query that is under way gets what that finds.
    const asksPrimary = !isTrusted && this.#reading[row] === 0;
    const ownLsn = isOwn && isTrusted && row !== 'session' ? session.writtenLsn : 0;
    const leastLsn = asksPrimary ? postgres.lsn : Math.max(this.#knownLsn[row], ownLsn);
    const least = postgres.rowsAt(leastLsn)[row];
    // A profile is shown with its roles.
    const asked: readonly Row[] = row === 'profile' ? ['profile', 'grants'] : [row];
    for (const each of asked) this.#reading[each] += 1;
    try {
      const value = await this.#show(row, isOwn ? theId : undefined);
      return { value, least: row === 'session' ? Math.min(least, 1) : least };
    } finally {
      for (const each of asked) this.#reading[each] -= 1;
    }
  }

  /** Prepares while the password is checked, and remembers what came of the write. */
  async logIn(): Promise<void> {
    const { postgres, turn } = this.#world;
    const prepared = this.#logins.prepare(theId, theId);
    await turn('a password is checked');
    const remember = prepared.beforeStatement();
    const rows = await this.#query(() => postgres.readRows(beyondReplicas));
    const state = stateOf(rows);
    if (state !== undefined) remember({ state, profile: basicsOf(rows), grants: grantsOf(rows) });
  }

  readonly #query = async <T>(run: () => T | Promise<T>): Promise<T> => {
    const { turn } = this.#world;
    await turn('query takes effect');
    const answer = await run();
    await turn('query is answered');
    return answer;
  };

  async #show(row: Row, sessionId: string | undefined): Promise<number> {
    if (row === 'session') return (await this.#sessions.isLive(theId)) ? 0 : 1;
    if (row === 'grants') return Number((await this.#views.grants(theId, sessionId)).permissions[0]);
    return (await this.#views.profile(theId, sessionId))?.version ?? -1;
  }

  #know(rows: readonly Row[], lsn: number): void {
    for (const row of rows) this.#knownLsn[row] = Math.max(this.#knownLsn[row], lsn);
  }

  #openCaches() {
    const { redis, nowMs } = this.#world;
    const common = { freshness: this.freshness, nowMs, random: () => 0 };
    const local = { ...common, ttlSeconds: 300, maxEntries: 10 };
    const shared = <T>(type: 'session_data' | 'user_profile' | 'user_permissions', codec: SharedCacheCodec<T>) =>
      new SharedCache<T>({ ...common, type, codec, ttlSeconds: 1800, store: redis.store, maxWaitMs: 0 });
    return {
      session: new LocalCache<SessionState>({ ...local, type: 'session' }),
      userBasic: new LocalCache<UserBasics>({ ...local, type: 'user_basic' }),
      sessionData: shared('session_data', sessionStateCodec),
      userProfile: shared('user_profile', userBasicsCodec),
      userPermissions: shared('user_permissions', grantsCodec),
    };
  }
}

function rowsIn({ targets }: CommittedEvent): Row[] {
  const types = targets.map(({ type }) => type);
  const row: Row = types.includes('session') ? 'session' : types.includes('user_basic') ? 'profile' : 'grants';
  return [row];
}

function rowsById<T>(ids: readonly string[], row: T | undefined): ReadonlyMap<string, T> {
  return new Map(row === undefined ? [] : ids.map((id) => [id, row]));
}

function stateOf({ session }: Rows): SessionState | undefined {
  return session === 0 ? { expiresAtMs: 1 } : undefined;
}

function basicsOf({ profile }: Rows): UserBasics {
  const at = new Date(0);
  return {
    id: theId,
    username: 'u',
    email: null,
    displayName: null,
    isEmailVerified: false,
    locale: null,
    version: profile,
    createdAt: at,
    updatedAt: at,
  };
}

function grantsOf({ grants }: Rows): Grants {
  return { roles: [], permissions: [String(grants)] };
}
