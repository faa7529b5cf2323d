import type { PodAddress, PodDialer } from '../kubernetes/dialer.ts';
import { openClient } from './client.ts';

export interface Login {
  user: string;
  password: string;
}

export interface Sql {
  /** Runs one statement and returns its rows. Without values it travels by the simple protocol. */
  query<Row>(text: string, values?: unknown[]): Promise<Row[]>;
}

export interface PostgresTarget {
  pod: PodAddress;
  port: number;
  database: string;
  login: Login;
  /** For each statement. Default 15 s. */
  queryTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 3000;
const QUERY_TIMEOUT_MS = 15_000;

/** Opens a connection to one pod, runs `work` and closes it whatever happens. */
export async function withPostgres<T>(
  dialer: PodDialer,
  target: PostgresTarget,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  const reach = await dialer.reach(target.pod, target.port);
  const connection = openClient({
    host: reach.host,
    port: reach.port,
    database: target.database,
    user: target.login.user,
    password: target.login.password,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: target.queryTimeoutMs ?? QUERY_TIMEOUT_MS,
  });
  const { client } = connection;
  try {
    await client.connect();
    return await work({
      query: async <Row>(text: string, values?: unknown[]) => {
        const result = values === undefined ? await client.query(text) : await client.query(text, values);
        return result.rows as Row[];
      },
    });
  } finally {
    await connection.close();
    reach.close();
  }
}
