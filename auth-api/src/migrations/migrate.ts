import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import type { Logger } from 'pino';

export interface MigrationOptions {
  readonly connection: pg.ClientConfig;
  /** Granted DML on the schema; may be the role that runs the migrations. */
  readonly appRole: string;
  readonly log: Logger;
}

/** Beside src/ and dist/ alike. */
const directory = fileURLToPath(new URL('../../migrations', import.meta.url));

/**
 * Brings the schema `auth` to this release, and grants the application its rows. Runs at once are serialised by an
 * advisory lock. Connects past PgBouncer, whose transaction mode would lose that lock.
 */
export async function migrate({ connection, appRole, log }: MigrationOptions): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    const applied = await runner({
      dbClient: client,
      dir: directory,
      direction: 'up',
      migrationsTable: 'migrations',
      migrationsSchema: 'auth',
      createMigrationsSchema: true,
      logger: { debug: () => {}, info: () => {}, warn: (text) => log.warn(text), error: (text) => log.error(text) },
    });
    for (const { name } of applied) log.info({ migration: name }, 'applied');
    if (appRole !== client.user) await client.query(grants(pg.escapeIdentifier(appRole)));
    log.info({ applied: applied.length }, 'the schema is up to date');
  } finally {
    await client.end();
  }
}

/**
 * Each time for what exists by then; the record of migrations stays out of the application's reach. The audit log it adds to
 * and reads, as a whole: of the partitions it knows nothing.
 */
function grants(grantee: string): string {
  return `GRANT USAGE ON SCHEMA auth TO ${grantee};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA auth TO ${grantee};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA auth TO ${grantee};
    REVOKE ALL ON auth.migrations FROM ${grantee};
    REVOKE UPDATE, DELETE ON auth.audit_events FROM ${grantee};
    DO $$ DECLARE partition regclass; BEGIN
      FOR partition IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'auth.audit_events'::regclass LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %s', partition, ${pg.escapeLiteral(grantee)});
      END LOOP;
    END $$;
    GRANT EXECUTE ON FUNCTION auth.maintain_audit_events(integer) TO ${grantee};`;
}
