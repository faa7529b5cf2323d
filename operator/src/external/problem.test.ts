import { describe, expect, test } from '@jest/globals';
import { ATTEMPT, serverError } from '../testing/external-attempt.ts';
import { postgresProblem } from './postgres-check.ts';
import { infoProblem, redisProblem } from './redis-check.ts';

describe('what PostgreSQL refuses', () => {
  test.each([
    ['28P01', 'AuthenticationFailed', 'credentials.application: db.example:5432 refuses shop'],
    ['28000', 'AuthenticationFailed', 'correct user name or password'],
    ['3D000', 'DatabaseMissing', 'spec.postgres.external.database: db.example:5432 has no database auth'],
    ['42501', 'PermissionDenied', 'grant connect on database "auth" to "shop"'],
    ['53300', 'TooFewConnections', 'maxConnections'],
    ['57P03', 'Unreachable', 'starting or recovering'],
    ['ENOTFOUND', 'HostNotFound', 'primary.host: db.example:5432 has no address'],
    ['ECONNREFUSED', 'Unreachable', 'primary.host: db.example:5432 does not answer'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'TlsFailed', 'spec.postgres.external.tls: db.example:5432'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'TlsFailed', 'correct ca or the certificate'],
    ['XX000', 'ServerRefused', 'as the server says it'],
  ])('%s is %s, with field and fix', (code, reason, words) => {
    const problem = postgresProblem(serverError(code), ATTEMPT, 'auth');
    expect(problem.reason).toBe(reason);
    expect(problem.message).toContain(words);
  });

  test('for want of TLS is a matter of TLS and not of the password', () => {
    const message = 'no pg_hba.conf entry for host "192.0.2.1", user "shop", database "auth", no encryption';
    expect(postgresProblem(serverError('28000', message), ATTEMPT, 'auth')).toMatchObject({ reason: 'TlsFailed' });
  });

  test.each(['The server does not support SSL connections', 'Connection terminated due to connection timeout'])(
    'in words of the driver is told apart: %s',
    (message) => {
      const { reason } = postgresProblem(new Error(message), ATTEMPT, 'auth');
      expect(reason).toBe(message.includes('SSL') ? 'TlsFailed' : 'Unreachable');
    },
  );
});

describe('what Redis refuses', () => {
  test.each([
    ['WRONGPASS invalid username-password pair', 'AuthenticationFailed'],
    ['NOAUTH Authentication required.', 'AuthenticationFailed'],
    ["NOPERM User shop has no permissions to run the 'info' command", 'PermissionDenied'],
    ['CLUSTERDOWN Hash slot not served', 'ServerNotWhole'],
    ['LOADING Redis is loading the dataset in memory', 'ServerNotWhole'],
    ['ERR something else', 'ServerRefused'],
  ])('%s is %s', (message, reason) => {
    expect(redisProblem(new Error(message), ATTEMPT)).toMatchObject({ reason });
  });

  test('of a slot that another node has is nothing', () => {
    expect(redisProblem(new Error('MOVED 12182 192.0.2.7:6379'), ATTEMPT)).toBeUndefined();
  });
});

describe('what Redis tells of itself', () => {
  const info = (version: string, cluster: number, role = 'master') =>
    `# Server\r\nredis_version:${version}\r\nrole:${role}\r\ncluster_enabled:${cluster}\r\n`;
  const of = (text: string, topology: 'Single' | 'Cluster') =>
    infoProblem(text, { topology }, 'cache.example:6379', 'spec.redis.external.endpoints[0]')?.reason;

  test('must fit what was declared', () => {
    expect(of(info('7.2.4', 0), 'Single')).toBeUndefined();
    expect(of(info('8.0.2', 1), 'Cluster')).toBeUndefined();
    expect(of(info('8.0.2', 1, 'slave'), 'Cluster')).toBeUndefined();
    expect(of(info('7.2.4', 1), 'Single')).toBe('TopologyMismatch');
    expect(of(info('7.2.4', 0), 'Cluster')).toBe('TopologyMismatch');
    expect(of(info('7.2.4', 0, 'slave'), 'Single')).toBe('NotPrimary');
    expect(of(info('6.2.14', 0), 'Single')).toBe('VersionTooOld');
  });
});
