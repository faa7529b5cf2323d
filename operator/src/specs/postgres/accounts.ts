import type { Role, WantedAccounts } from '../../postgres/accounts.ts';
import { type Credentials, type PostgresLogin, type RotatingLogin, taken } from '../inputs.ts';
import { DATABASE, ROLES, SCHEMA } from '../names.ts';
import { twinOf } from '../secrets/rotated.ts';
import { APP_SETTINGS, MIGRATOR_SETTINGS, MONITORING_SETTINGS } from './role-settings.ts';

/** The database, its schema, and the roles that credentials are for, each with the password that is to be taken. */
export function wantedAccounts({ postgres }: Credentials): WantedAccounts {
  const app = group(role(ROLES.app, postgres.app, { settings: APP_SETTINGS, attributes: 'plain' }));
  const replication = group(role(ROLES.replication, postgres.replication, { settings: {}, attributes: 'replication' }));
  const exporters = role(ROLES.monitoring, postgres.monitoring, { settings: MONITORING_SETTINGS, attributes: 'plain' });
  const monitoring = postgres.monitoring === undefined ? exporters : group(exporters);
  const migrator = role(ROLES.migrator, postgres.migrator, { settings: MIGRATOR_SETTINGS, attributes: 'plain' });
  // Only the operator logs in as it, and knows both passwords while they change.
  const superuser = postgres.superuser.next ?? postgres.superuser;
  return {
    ...{ database: DATABASE, schema: SCHEMA, migrator, app, replication, monitoring },
    others: [
      role(ROLES.superuser, superuser, { settings: {}, attributes: 'superuser' }),
      twin(app, postgres.app),
      twin(replication, postgres.replication),
      twin(monitoring, postgres.monitoring),
    ],
  };
}

function group(role: Role): Role {
  return { ...role, carriesPrivileges: true };
}

/** With the privileges of the first of the two, to which alone they are granted. */
function twin(of: Role, login: RotatingLogin | undefined): Role {
  return { ...role(twinOf(of.name), login, of), memberOf: of.name };
}

function role(
  name: string,
  login: PostgresLogin | RotatingLogin | undefined,
  { settings, attributes }: Pick<Role, 'settings' | 'attributes'>,
): Role {
  const logins = login === undefined ? [] : taken<PostgresLogin>(login);
  const verifier = logins.find(({ username }) => username === name)?.verifier;
  return { name, verifier, settings, attributes };
}
