import type { AuthCluster } from '../../api/authcluster.ts';
import type { RedisMaterial } from '../../external/redis-check.ts';
import type { Manifest } from '../manifest.ts';
import { ownedMetadata } from '../metadata.ts';
import { names, PORTS } from '../names.ts';
import { type EnvironmentEntry, secretVolume, variable } from '../pods.ts';
import { TLS_MODES } from '../postgres/servers.ts';
import { serviceHost } from '../services.ts';

const LOGIN_FILES = { username: 'username', password: 'password' };

/** Where the auth API finds Redis, and how it talks to it. */
export function redisVariables(cluster: AuthCluster): EnvironmentEntry[] {
  const { external } = cluster.spec.redis;
  if (external === undefined)
    return [variable('REDIS_NODES', `${serviceHost(cluster, names(cluster).redis)}:${PORTS.redis}`)];
  return [
    variable('REDIS_NODES', external.endpoints.map(({ host, port }) => `${host}:${port}`).join(',')),
    variable('REDIS_TOPOLOGY', external.topology === 'Single' ? 'single' : 'cluster'),
    variable('REDIS_TLS_MODE', TLS_MODES[external.tls.mode]),
  ];
}

/** The volume `redis`: user name and password, and the certificate authority where there is one. */
export function redisVolume(cluster: AuthCluster): object {
  const { external } = cluster.spec.redis;
  if (external === undefined) return secretVolume('redis', names(cluster).redisSecret, LOGIN_FILES);
  const files = external.tls.ca === undefined ? LOGIN_FILES : { ...LOGIN_FILES, 'ca.crt': 'ca.crt' };
  return secretVolume('redis', names(cluster).redisClient, files);
}

/**
 * A copy of what was seen to work. Pods do not have the Secret of the spec mounted: one that is broken by hand keeps
 * no pod from starting.
 */
export function redisClientSecret(cluster: AuthCluster, { login, ca }: RedisMaterial): Manifest {
  const values = { ...login, ...(ca === undefined ? {} : { 'ca.crt': ca }) };
  const data = Object.entries(values).map(([key, value]) => [key, Buffer.from(value, 'utf8').toString('base64')]);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: ownedMetadata(cluster, 'redis', names(cluster).redisClient),
    type: 'Opaque',
    data: Object.fromEntries(data),
  };
}
