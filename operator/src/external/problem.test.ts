import { describe, expect, test } from '@jest/globals';
import { ATTEMPT, serverError } from '../testing/external-attempt.ts';
import { postgresProblem } from './postgres-problem.ts';
import { infoProblem, redisProblem } from './redis-check.ts';

/** As Node.js hands it on. */
function openSsl(words: string): string {
  return `407D03C4EF7F0000:error:0A00045C:SSL routines:ssl3_read_bytes:${words}:../deps/openssl/rec_layer_s3.c:918:\n`;
}

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
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'TlsFailed', 'name the host as its certificate does'],
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

  test.each([
    ['no pg_hba.conf entry for host "192.0.2.1", user "shop", database "auth", SSL encryption', 'pg_hba.conf let this'],
    ['pg_hba.conf rejects connection for host "192.0.2.1", user "shop"', 'have its pg_hba.conf let this role in'],
    ['role "shop" is not permitted to log in', 'what the server asks of this role'],
  ])('by its rules is not told as a wrong password: %s', (message, fix) => {
    const problem = postgresProblem(serverError('28000', message), ATTEMPT, 'auth');
    expect(problem.reason).toBe('AuthenticationFailed');
    expect(problem.message).toContain(`refuses shop (${message}): `);
    expect(problem.message).toContain(fix);
  });

  test.each([
    ['28000', 'connection requires a valid client certificate'],
    ['28000', 'certificate authentication failed for user "shop"'],
    ['F0000', 'client certificates can only be checked if a root certificate store is available'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', openSsl('tlsv13 alert certificate required')],
  ])('for want of a certificate is told so, and as no matter of the password: %s %s', (code, message) => {
    const { reason, message: told } = postgresProblem(serverError(code, message), ATTEMPT, 'auth');
    expect(reason).toBe('ClientCertificateRequired');
    expect(told).toContain('spec.postgres.external.tls: db.example:5432 demands a certificate of its clients');
    expect(told).not.toMatch(/password in the Secret|SSL routines/);
  });

  test.each([
    [
      'EPROTO',
      `write EPROTO ${openSsl('tlsv1 alert protocol version')}`,
      'tlsv1 alert protocol version: have the server take',
    ],
    ['EPROTO', `write EPROTO ${openSsl('ssl/tls alert handshake failure')}`, 'or demands a certificate of its clients'],
    ['EPROTO', `write EPROTO ${openSsl('wrong version number')}`, 'wrong version number: turn TLS on there'],
    ['ECONNRESET', 'Client network socket disconnected before secure TLS connection was established', 'see its log'],
    ['', 'The server does not support SSL connections', 'turn TLS on there, correct the port, or set mode to Disable'],
  ])('in the handshake is told with what to do about it: %s %s', (code, message, words) => {
    const problem = postgresProblem(serverError(code, message), ATTEMPT, 'auth');
    expect(problem.reason).toBe('TlsFailed');
    expect(problem.message).toContain(words);
  });

  test('is not the answer of something else, which may be at another port', () => {
    const problem = postgresProblem(new Error('There was an error establishing an SSL connection'), ATTEMPT, 'auth');
    expect(problem).toMatchObject({
      reason: 'ServerRefused',
      message: expect.stringContaining('correct host and port'),
    });
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

  test('to clients without a certificate is told so', () => {
    const error = serverError(
      'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
      openSsl('tlsv13 alert certificate required'),
    );
    expect(redisProblem(error, ATTEMPT)).toMatchObject({ reason: 'ClientCertificateRequired' });
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
