import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { DependencyUnavailableError } from '../../domain/ports/dependency-unavailable.ts';
import { type CircuitBreaker, CircuitOpenError, ProbeTimeoutError } from '../../resilience/circuit-breaker.ts';
import { retryOnce } from '../../resilience/retry-once.ts';
import { readCredentials } from './connection.ts';
import {
  isAnswer,
  isCachedPlanChange,
  isDeadlock,
  isLostConnection,
  isOutage,
  NotConnectedError,
  PoolExhaustedError,
} from './database-errors.ts';
import { whileRefused } from './pooler-refusal.ts';

export interface DatabaseOptions {
  /** What errors and metrics call it: primary, replicas. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** Holds `username` and `password`, read anew for each connection. */
  readonly credentialsDirectory: string;
  readonly tls: pg.ClientConfig['ssl'];
  readonly poolSize: number;
  /** How many may wait for a connection of the pool; whoever comes then is refused at once. */
  readonly longestQueue: number;
  readonly connectTimeoutMs: number;
  readonly queryTimeoutMs: number;
  /** For how long it is tried again while there is no way to a server: see pooler-refusal.ts. */
  readonly refusedPatienceMs: number;
  readonly breaker: CircuitBreaker;
  /** A connection at rest was lost; it is replaced at need. */
  readonly onIdleError: (error: Error) => void;
  /** Hears how long the server took for a statement. */
  readonly onAnswered: (seconds: number) => void;
}

/** A statement that the server prepares under its name: one text for one name, columns named. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

export type Value = string | number | boolean | Buffer | Date | null | readonly string[];

export interface PoolSnapshot {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
}

const retryDelayMs = 100;
/** A pooler that is to stop waits a minute for its clients to leave; connections also spread over new poolers by it. */
const longestConnectionSeconds = 45;
/** Seconds after which a client may come back when the database could not be asked. */
const retryAfterSeconds = 2;

/** A pool of connections to one PgBouncer (transaction mode), and the named statements run on them. */
export class Database {
  readonly #options: DatabaseOptions;
  readonly #pool: pg.Pool;

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#pool = new pg.Pool({
      host: options.host,
      port: options.port,
      database: options.database,
      max: options.poolSize,
      connectionTimeoutMillis: options.connectTimeoutMs,
      query_timeout: options.queryTimeoutMs,
      idleTimeoutMillis: 60_000,
      maxLifetimeSeconds: longestConnectionSeconds,
      keepAlive: true,
      keepAliveInitialDelayMillis: 5_000,
      application_name: 'auth-api',
      ...(options.tls === undefined ? {} : { ssl: options.tls }),
      Client: clientWithCredentials(options.credentialsDirectory),
    });
    this.#pool.on('error', options.onIdleError);
    // A connection that breaks while in use says so in the query, too; without a listener it would end the process.
    this.#pool.on('connect', (client) => client.on('error', () => {}));
  }

  /** As query, for a statement that changes nothing. */
  read<Row extends pg.QueryResultRow>(statement: Statement, values: readonly Value[]): Promise<Row[]> {
    return this.repeatable<Row>(statement, values);
  }

  /** As query, for a statement that may be done twice: tried again where its connection was lost. */
  repeatable<Row extends pg.QueryResultRow>(statement: Statement, values: readonly Value[]): Promise<Row[]> {
    return retryOnce(() => this.query<Row>(statement, values), {
      isRetryable: isLostConnection,
      maxDelayMs: retryDelayMs,
      random: Math.random,
    });
  }

  /** Runs one statement in its own transaction. @throws pg.DatabaseError, DependencyUnavailableError */
  query<Row extends pg.QueryResultRow>(statement: Statement, values: readonly Value[]): Promise<Row[]> {
    return triedAgain((form) => this.#withClient((client) => this.#run<Row>(client, form(statement), values)));
  }

  /**
   * Runs statements in one transaction, which rolls back when `body` rejects. It may be run a second time after that,
   * and so does nothing that lasts but by its statements.
   */
  transaction<T>(body: (query: Query) => Promise<T>): Promise<T> {
    return triedAgain((form) =>
      this.#withClient(async (client) => {
        await client.query('BEGIN');
        try {
          const result = await body((statement, values) => this.#run(client, form(statement), values));
          await client.query('COMMIT');
          return result;
        } catch (error) {
          if (isAnswer(error)) await client.query('ROLLBACK');
          throw error;
        }
      }),
    );
  }

  snapshot(): PoolSnapshot {
    const { totalCount, idleCount, waitingCount } = this.#pool;
    return { total: totalCount, idle: idleCount, waiting: waitingCount };
  }

  /** Waits for the queries that are running. */
  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #withClient<T>(use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    try {
      return await this.#options.breaker.execute(() =>
        whileRefused(() => this.#withFreeClient(use), {
          patienceMs: this.#options.refusedPatienceMs,
          now: () => performance.now(),
          sleep: delay,
        }),
      );
    } catch (error) {
      if (!(error instanceof CircuitOpenError || error instanceof ProbeTimeoutError)) throw error;
      const waitSeconds = error instanceof CircuitOpenError ? error.retryAfterSeconds : retryAfterSeconds;
      throw new DependencyUnavailableError(this.#options.name, waitSeconds, { cause: error });
    }
  }

  async #withFreeClient<T>(use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    // The pool itself lets any number wait, holds what each has asked for, and looks through all of them for each that gives up.
    if (this.#pool.waitingCount >= this.#options.longestQueue) {
      throw new PoolExhaustedError(this.#options.name, retryAfterSeconds);
    }
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw this.#notConnected(error);
    });
    let broken = false;
    try {
      return await use(client);
    } catch (error) {
      broken = !isAnswer(error);
      throw isOutage(error) ? this.#unavailable(error) : error;
    } finally {
      client.release(broken);
    }
  }

  async #run<Row extends pg.QueryResultRow>(
    client: pg.PoolClient,
    statement: Pick<Statement, 'text'>,
    values: readonly Value[],
  ): Promise<Row[]> {
    const sentMs = performance.now();
    const { rows } = await client.query<Row>({ ...statement, values: [...values] });
    this.#options.onAnswered((performance.now() - sentMs) / 1000);
    return rows;
  }

  #notConnected(cause: unknown): DependencyUnavailableError {
    const isQueueTimeout = cause instanceof Error && cause.message === 'timeout exceeded when trying to connect';
    const Unavailable = isQueueTimeout ? PoolExhaustedError : NotConnectedError;
    return new Unavailable(this.#options.name, retryAfterSeconds, { cause });
  }

  #unavailable(cause: unknown): DependencyUnavailableError {
    return new DependencyUnavailableError(this.#options.name, retryAfterSeconds, { cause });
  }
}

export type Query = <Row extends pg.QueryResultRow>(statement: Statement, values: readonly Value[]) => Promise<Row[]>;

/**
 * Once, after what others did in the meantime: nothing was done, or it was rolled back, so that a second try cannot do
 * anything twice. A plan that a changed column spoilt stays so as long as its connection lives, which any other may be as
 * well: without a name there is none.
 */
async function triedAgain<T>(run: (form: (statement: Statement) => Pick<Statement, 'text'>) => Promise<T>): Promise<T> {
  const named = (statement: Statement) => statement;
  try {
    return await run(named);
  } catch (error) {
    if (isCachedPlanChange(error)) return run(({ text }) => ({ text }));
    if (isDeadlock(error)) return run(named);
    throw error;
  }
}

/** Reads user name and password when a connection is made, so that a rotated password needs no restart. */
function clientWithCredentials(directory: string): new (config?: string | pg.ClientConfig) => pg.Client {
  return class extends pg.Client {
    constructor(config?: string | pg.ClientConfig) {
      super({ ...(typeof config === 'object' ? config : {}), ...readCredentials(directory) });
    }
  };
}
