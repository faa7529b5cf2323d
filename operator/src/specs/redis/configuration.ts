import { createHash } from 'node:crypto';
import type { AuthCluster } from '../../api/authcluster.ts';
import { type Credentials, type Password, type RedisPasswords, taken } from '../inputs.ts';
import { PORTS, REDIS_USERS } from '../names.ts';
import { bytesOf, clamp, MEBIBYTE } from '../quantities.ts';

/** redis.conf of every node; what differs between them is on the command line. */
export function redisConf(cluster: AuthCluster, { redis }: Credentials): string {
  const { maxMemory, maxMemoryPolicy, persistence } = cluster.spec.redis;
  const maxMemoryBytes = bytesOf(maxMemory);
  const settings: [string, string | number][] = [
    ['port', PORTS.redis],
    // Access is decided by ACL users alone.
    ['protected-mode', 'no'],
    ['aclfile', '/etc/redis/users.acl'],
    ['masteruser', REDIS_USERS.replication],
    ['masterauth', redis.replicationPassword],
    ['dir', '/data'],
    ['cluster-enabled', 'yes'],
    ['cluster-config-file', '/data/nodes.conf'],
    // A dead primary is noticed after up to one and a half times as long, and its replica elected a second or two later: within 10 s.
    // What a replica may lack to be elected is Redis' default; the operator sees to those that lack more (take-over.ts).
    ['cluster-node-timeout', 4000],
    // A lost shard must not take the others' keys with it.
    ['cluster-require-full-coverage', 'no'],
    // Otherwise a primary that was emptied becomes a replica of another shard.
    ['cluster-allow-replica-migration', 'no'],
    // Addresses change with every pod; clients are told names.
    ['cluster-preferred-endpoint-type', 'hostname'],
    ['maxmemory', maxMemoryBytes],
    ['maxmemory-policy', maxMemoryPolicy],
    ['lazyfree-lazy-eviction', 'yes'],
    ['repl-backlog-size', Math.round(clamp(maxMemoryBytes / 32, MEBIBYTE, 64 * MEBIBYTE))],
    ['save', '""'],
    ['appendonly', persistence.enabled ? 'yes' : 'no'],
  ];
  return settings.map(([name, value]) => `${name} ${value}\n`).join('');
}

/** Commands of the API: data, scripts and pub/sub, and what a client asks to find its way in a cluster. */
const API_RULES = [
  ...['~*', '&*', '+@all', '-@admin', '-@dangerous', '+info'],
  ...['slots', 'shards', 'nodes', 'info', 'myid'].map((subcommand) => `+cluster|${subcommand}`),
];
/** Commands of the operator and of the hand-over before a stop: topology, and moving keys with their slot. */
const OPERATOR_RULES = [
  ...['~*', '&*', '-@all', '+@connection', '+cluster', '+info', '+role', '+config|get', '+acl|load', '+wait'],
  ...['+dbsize', '+migrate', '+restore', '+restore-asking', '+asking', '+dump', '+del'],
];
/** What is shown is statistics: no key, and no setting, of which one is the password of replication. */
const MONITORING_RULES = [
  ...['-@all', '+ping', '+info', '+cluster|info', '+latency|latest', '+latency|histogram'],
  ...['+slowlog|len', '+client|setname'],
];
/** Redis' own minimum for a replica. */
const REPLICATION_RULES = ['-@all', '+psync', '+replconf', '+ping'];

/** users.acl: passwords as SHA-256, two for each user while they are rotated; the default user off. */
export function usersAcl({ redis }: Credentials): string {
  const all = taken<RedisPasswords>(redis);
  const user = (name: string, key: keyof RedisPasswords, rules: readonly string[]) =>
    userLine(
      name,
      all.map((each) => each[key]),
      rules,
    );
  const monitoring = redis.monitoring === undefined ? [] : taken<Password>(redis.monitoring);
  return [
    'user default off resetpass -@all\n',
    user(REDIS_USERS.api, 'password', API_RULES),
    user(REDIS_USERS.operator, 'operatorPassword', OPERATOR_RULES),
    user(REDIS_USERS.replication, 'replicationPassword', REPLICATION_RULES),
    ...(monitoring.length === 0
      ? []
      : [
          userLine(
            REDIS_USERS.monitoring,
            monitoring.map(({ password }) => password),
            MONITORING_RULES,
          ),
        ]),
  ].join('');
}

function userLine(name: string, passwords: readonly string[], rules: readonly string[]): string {
  const hashes = passwords.map((password) => `#${createHash('sha256').update(password).digest('hex')}`);
  return `user ${name} on ${hashes.join(' ')} ${rules.join(' ')}\n`;
}
