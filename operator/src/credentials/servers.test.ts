import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import type { Pod } from '../kubernetes/objects.ts';
import { CredentialServers, loginFingerprint, podLogins } from './servers.ts';

test('the fingerprint of a login is what the auth API computes for it', () => {
  const derivationKey = Buffer.alloc(32, 7).toString('base64');
  // auth-api/src/security/login-fingerprint.test.ts holds the same.
  expect(loginFingerprint(derivationKey, 'auth_app', 'word')).toBe('_DYre3ccvYa2YE3nJP98G6');
});

test('pods tell their logins among their metrics', () => {
  const text = `# TYPE auth_login_info gauge
auth_login_info{dependency="postgres",fingerprint="dN_-9"} 1
auth_login_info{dependency="redis",fingerprint="b"} 1
auth_duration_seconds_count{operation="verify"} 1
`;
  expect(Object.fromEntries(podLogins(text))).toEqual({ postgres: 'dN_-9', redis: 'b' });
  expect(podLogins('nothing').size).toBe(0);
});

test.each<[string, number, string, string[]]>([
  ['this login', 200, 'auth_monitoring_b\n', []],
  ['the former one', 200, 'auth_monitoring\n', ['acme-redis-0-0']],
  ['nothing yet', 404, '', ['acme-redis-0-0']],
])('an exporter that tells %s', async (_what, status, text, expected) => {
  const asked: string[] = [];
  const exporter = createServer((request, answer) => {
    asked.push(`${request.method} ${request.url}`);
    answer.writeHead(status).end(text);
  }).listen(0, '127.0.0.1');
  await new Promise((done) => exporter.once('listening', done));
  const { port } = exporter.address() as AddressInfo;
  const servers = new CredentialServers({
    reach: async (_pod, wanted) => {
      asked.push(String(wanted));
      return { host: '127.0.0.1', port, close: () => undefined };
    },
  });
  const pod = {
    metadata: { namespace: 'auth', name: 'acme-redis-0-0' },
    status: { conditions: [{ type: 'Ready', status: 'True' }], podIP: '10.0.0.1' },
  } as Pod;
  expect(await servers.exportersDiffer([pod], 'auth_monitoring_b')).toEqual(expected);
  expect(asked).toEqual(['9188', 'GET /login']);
  exporter.close();
});
