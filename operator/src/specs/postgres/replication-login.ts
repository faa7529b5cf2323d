import { stringify } from 'yaml';
import type { AuthCluster } from '../../api/authcluster.ts';
import type { Credentials } from '../inputs.ts';
import type { Manifest } from '../manifest.ts';
import { ownedMetadata } from '../metadata.ts';
import { names } from '../names.ts';

/** Beside patroni.yaml: Patroni reads every YAML file of the folder. */
export const REPLICATION_LOGIN_FILE = 'replication-login.yaml';
/** A tag of a Patroni member, which it shows in its state: the login that it has read. */
export const REPLICATION_LOGIN_TAG = 'replication_login';

/**
 * What standbys log in with, and who may have Patroni do something, as a file, since Patroni reads files anew while it runs, and variables never. pg_rewind uses
 * it, too: of the superuser's password there is one only, and a rewind must not fail while that changes.
 */
export function replicationLoginSecret(cluster: AuthCluster, credentials: Credentials): Manifest {
  const { patroni, replication } = credentials.postgres;
  const { username, password } = replication;
  const login = { username, password };
  const settings = {
    postgresql: { authentication: { replication: login, rewind: login } },
    // Of the REST API: reading is free, changing anything is not.
    restapi: { authentication: { username: patroni.username, password: patroni.password } },
    tags: { [REPLICATION_LOGIN_TAG]: replicationLoginTag(credentials) },
  };
  const text = stringify(settings, { version: '1.1', aliasDuplicateObjects: false });
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: ownedMetadata(cluster, 'postgres', names(cluster).replicationLogin),
    type: 'Opaque',
    data: { [REPLICATION_LOGIN_FILE]: Buffer.from(text, 'utf8').toString('base64') },
  };
}

/** Tells this login from those before it. */
export function replicationLoginTag({ postgres }: Credentials): string {
  return `since ${postgres.replication.rotatedAt ?? 'the beginning'}`;
}
