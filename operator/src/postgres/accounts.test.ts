import { describe, expect, test } from '@jest/globals';
import {
  accountStatements,
  type ObservedAccounts,
  type ObservedRole,
  type Role,
  schemaStatements,
  type WantedAccounts,
} from './accounts.ts';

const role = (name: string, verifier: string | undefined, more: Partial<Role> = {}): Role => {
  return { name, verifier, settings: {}, attributes: 'plain', ...more };
};

const wanted: WantedAccounts = {
  database: 'auth',
  schema: 'auth',
  migrator: role('auth_migrator', 'SCRAM-SHA-256$m'),
  app: role('auth_app', 'SCRAM-SHA-256$a', { settings: { statement_timeout: '15s' } }),
  replication: role('replicator', 'SCRAM-SHA-256$r', { attributes: 'replication' }),
  monitoring: role('auth_monitoring', 'SCRAM-SHA-256$s', { carriesPrivileges: true }),
  others: [
    role('postgres', 'SCRAM-SHA-256$p', { attributes: 'superuser' }),
    role('auth_app_b', undefined, { memberOf: 'auth_app' }),
  ],
};

const observedRole = (name: string, verifier: string | null, more: Partial<ObservedRole> = {}): ObservedRole => {
  return { name, verifier, settings: null, canLogin: true, attributes: 'plain', memberOf: [], ...more };
};

const settled: ObservedAccounts = {
  databaseExists: true,
  openToPublic: false,
  grants: ['auth_migrator CONNECT', 'auth_migrator CREATE', 'auth_app CONNECT', 'auth_monitoring CONNECT'],
  monitors: ['auth_monitoring'],
  mayRewind: true,
  roles: [
    observedRole('auth_migrator', 'SCRAM-SHA-256$m'),
    observedRole('auth_app', 'SCRAM-SHA-256$a', { settings: ['statement_timeout=15s'] }),
    observedRole('auth_monitoring', 'SCRAM-SHA-256$s'),
    observedRole('replicator', 'SCRAM-SHA-256$r', { attributes: 'replication' }),
    observedRole('postgres', 'SCRAM-SHA-256$p', { attributes: 'superuser' }),
  ],
};

/** The settled server with one thing about the app's role changed. */
function appRole(change: Partial<ObservedRole>): ObservedAccounts {
  return { ...settled, roles: settled.roles.map((role) => (role.name === 'auth_app' ? { ...role, ...change } : role)) };
}

describe('accountStatements', () => {
  test('does nothing when all is as wanted', () => {
    expect(accountStatements(wanted, settled)).toEqual([]);
  });

  test('makes everything on a new server, roles first', () => {
    const byPatroni = settled.roles.filter(({ name }) => name === 'replicator' || name === 'postgres');
    const nothing = {
      roles: byPatroni,
      databaseExists: false,
      openToPublic: false,
      grants: [],
      monitors: [],
      mayRewind: true,
    };
    expect(accountStatements(wanted, nothing)).toEqual([
      `create role "auth_migrator" login password 'SCRAM-SHA-256$m'`,
      `create role "auth_app" login password 'SCRAM-SHA-256$a'`,
      `alter role "auth_app" set statement_timeout = '15s'`,
      `create role "auth_monitoring" login password 'SCRAM-SHA-256$s'`,
      'create database "auth"',
      'revoke all on database "auth" from public',
      'grant connect on database "auth" to "auth_migrator"',
      'grant create on database "auth" to "auth_migrator"',
      'grant connect on database "auth" to "auth_app"',
      'grant connect on database "auth" to "auth_monitoring"',
      'grant pg_monitor to "auth_monitoring"',
    ]);
  });

  test.each<[string, Partial<ObservedRole>, string]>([
    ['another password', { verifier: 'SCRAM-SHA-256$old' }, `alter role "auth_app" password 'SCRAM-SHA-256$a'`],
    ['no password', { verifier: null }, `alter role "auth_app" password 'SCRAM-SHA-256$a'`],
    ['another time-out', { settings: ['statement_timeout=0'] }, `alter role "auth_app" set statement_timeout = '15s'`],
    [
      'more rights than it should have',
      { attributes: 'superuser' },
      'alter role "auth_app" nosuperuser nocreatedb nocreaterole noreplication nobypassrls',
    ],
    ['no right to log in', { canLogin: false }, 'alter role "auth_app" login'],
  ])('repairs a role with %s', (_what, change, statement) => {
    expect(accountStatements(wanted, appRole(change))).toEqual([statement]);
  });

  test('has the second role of exporters see what the first does, which cannot log in any more', () => {
    const turned = {
      ...wanted,
      monitoring: { ...wanted.monitoring, verifier: undefined },
      others: [role('auth_monitoring_b', 'SCRAM-SHA-256$t', { memberOf: 'auth_monitoring' })],
    };
    expect(accountStatements(turned, { ...settled, monitors: [] })).toEqual([
      'alter role "auth_monitoring" nologin password null',
      `create role "auth_monitoring_b" login password 'SCRAM-SHA-256$t'`,
      'grant "auth_monitoring" to "auth_monitoring_b"',
      'grant pg_monitor to "auth_monitoring"',
    ]);
  });

  describe('where monitoring is off', () => {
    const unmonitored = { ...wanted, monitoring: role('auth_monitoring', undefined) };

    test('lets nobody log in with the role of before', () => {
      expect(accountStatements(unmonitored, settled)).toEqual(['alter role "auth_monitoring" nologin password null']);
    });

    test('does nothing about a role that is not there', () => {
      const roles = settled.roles.filter(({ name }) => name !== 'auth_monitoring');
      expect(accountStatements(unmonitored, { ...settled, roles })).toEqual([]);
    });
  });

  test('lets the role of replication read data files for pg_rewind', () => {
    const [statement, ...others] = accountStatements(wanted, { ...settled, mayRewind: false });
    expect(statement).toMatch(
      /^grant execute on function pg_catalog.pg_ls_dir\(text, boolean, boolean\), .* to "replicator"$/,
    );
    expect(others).toEqual([]);
  });

  test('touches nothing of a superuser but its password', () => {
    const others = [role('postgres', 'SCRAM-SHA-256$new', { attributes: 'superuser' })];
    expect(accountStatements({ ...wanted, others }, settled)).toEqual([
      `alter role "postgres" password 'SCRAM-SHA-256$new'`,
    ]);
  });

  describe('for a role that takes turns with another', () => {
    const twin = role('auth_app_b', 'SCRAM-SHA-256$b', { memberOf: 'auth_app', settings: { lock_timeout: '5s' } });

    test('makes it with the privileges of the other', () => {
      expect(accountStatements({ ...wanted, others: [twin] }, settled)).toEqual([
        `create role "auth_app_b" login password 'SCRAM-SHA-256$b'`,
        'grant "auth_app" to "auth_app_b"',
        `alter role "auth_app_b" set lock_timeout = '5s'`,
      ]);
    });

    test('takes the log-in from the one whose turn is over, and keeps it for its privileges', () => {
      const over = { ...wanted, app: role('auth_app', undefined, { settings: wanted.app.settings }) };
      expect(accountStatements(over, settled)).toEqual(['alter role "auth_app" nologin password null']);
      expect(accountStatements(over, appRole({ canLogin: false, verifier: null }))).toEqual([]);
    });

    test('takes nothing from one that has the attributes of replication', () => {
      const standby = role('replicator_b', 'SCRAM-SHA-256$s', { memberOf: 'replicator', attributes: 'replication' });
      expect(accountStatements({ ...wanted, others: [standby] }, settled)).toEqual([
        `create role "replicator_b" replication login password 'SCRAM-SHA-256$s'`,
        'grant "replicator" to "replicator_b"',
      ]);
    });
  });

  test('shuts a database that everybody may connect to', () => {
    expect(accountStatements(wanted, { ...settled, openToPublic: true })).toEqual([
      'revoke all on database "auth" from public',
    ]);
  });
});

describe('schemaStatements', () => {
  test('does nothing when all is as wanted', () => {
    const observed = { owner: 'auth_migrator', usageGranted: true, defaults: ['r', 'S', 'f'] };
    expect(schemaStatements(wanted, observed)).toEqual([]);
  });

  test('gives the schema to the migrator and its rows, present and future, to the app', () => {
    const statements = schemaStatements(wanted, { owner: null, usageGranted: false, defaults: [] });
    expect(statements.slice(0, 2)).toEqual([
      'create schema "auth" authorization "auth_migrator"',
      'grant usage on schema "auth" to "auth_app"',
    ]);
    expect(statements[2]).toContain('grant select, insert, update, delete on tables to "auth_app"');
  });
});
