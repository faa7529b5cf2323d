import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { removeContainers } from '../../dev/containers/container.ts';
import { eventually } from '../../dev/eventually.ts';
import { nginxConf } from '../src/specs/gateway/nginx.ts';
import { clusterWith, SAMPLES, sampleCluster } from '../src/testing/sample-clusters.ts';
import { check, Gateway, GatewayFiles } from './harness/gateway.ts';
import { answer, Upstream } from './harness/upstream.ts';

const TLS = { secretName: 'acme-tls' };

describe('the check before a rollout', () => {
  test.each([
    ...SAMPLES.map((sample): [string, object] => {
      const { tls: _, ...gateway } = sampleCluster(sample).spec.gateway;
      return [`the ${sample} sample, but for its certificate`, gateway];
    }),
    [
      'every field that takes networks',
      { trustedProxies: ['10.0.0.0/8', '2001:db8::/32'], forwardAuthCallers: ['0.0.0.0/1'] },
    ],
    [
      'the PROXY protocol',
      { expose: { type: 'LoadBalancer', proxyProtocol: true }, trustedProxies: ['10.0.0.0/8', '2001:db8::/32'] },
    ],
    ['the highest limits', { rateLimits: { other: { requestsPerSecond: 100_000, burst: 100_000 } } }],
  ])('takes the configuration of %s', async (_, spec) => {
    expect(await check(await GatewayFiles.write(spec))).toBe('');
  });

  test('takes TLS with a certificate and its key', async () => {
    const files = await GatewayFiles.write({ tls: TLS });
    await files.issue('acme');
    expect(await check(files)).toBe('');
  });

  test('names a Secret that is missing', async () => {
    expect(await check(await GatewayFiles.write({ tls: TLS }))).toBe(
      'Secret acme-tls does not hold tls.crt and tls.key: create it, of type kubernetes.io/tls\n',
    );
  });

  test('refuses a key that is not the certificate’s', async () => {
    const files = await GatewayFiles.write({ tls: TLS });
    await files.issue('acme', 'other');
    expect(await check(files)).toContain('key values mismatch');
  });

  test('says which line is wrong', async () => {
    const broken = nginxConf(clusterWith({})).replace('sendfile on;', 'sendfile maybe;');
    const said = await check(await GatewayFiles.write({}, broken));
    expect(said).toMatch(/invalid value "maybe" in "sendfile" directive.* in \/etc\/nginx\/nginx.conf:\d+/);
  });
});

describe('a gateway with a certificate', () => {
  let gateway: Gateway;
  let api: Upstream;

  beforeAll(async () => {
    const files = await GatewayFiles.write({ tls: TLS });
    await files.issue('first');
    gateway = await Gateway.start('tls', files);
    api = await Upstream.listen(gateway.ports.api);
  });
  afterAll(async () => {
    await removeContainers();
    await api?.close();
  });

  test('shows when its certificate expires', async () => {
    const text = await gateway.operations('/metrics');
    const [, expiry] = /^gateway_certificate_expiry_timestamp_seconds (\d+)$/m.exec(text) ?? [];
    const certificate = new X509Certificate(await readFile(join(gateway.files.folder, 'tls', 'tls.crt')));
    expect(Number(expiry) * 1000).toBe(certificate.validToDate.getTime());
  });

  test('speaks TLS 1.2 and 1.3, and HTTP/2', async () => {
    const offers = ['TLSv1.2', 'TLSv1.3'] as const;
    for (const maxVersion of offers) {
      expect(await handshake(gateway, { maxVersion })).toEqual({ version: maxVersion, protocol: 'h2' });
    }
    await expect(handshake(gateway, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' })).rejects.toThrow();
  });

  test('tells the API and the client that the connection is safe', async () => {
    const headers = await overTls(gateway, '/v1/me');
    expect(headers['strict-transport-security']).toBe('max-age=31536000');
    expect(api.last.headers['x-forwarded-proto']).toBe('https');
  });

  test('leads a plain GET to https, and refuses what has sent a body in the clear', async () => {
    const redirected = await gateway.fetch('/v1/me?a=b');
    expect([redirected.status, redirected.headers.get('location')]).toEqual([308, 'https://127.0.0.1/v1/me?a=b']);
    const refused = await gateway.fetch('/v1/login', { method: 'POST', body: '{}' });
    expect([refused.status, await refused.json()]).toMatchObject([403, { detail: 'this address is for https' }]);
    expect((await gateway.fetch('/health')).status).toBe(200);
  });

  test('goes on with what it has while a renewed certificate is no good', async () => {
    await gateway.files.issue('second', 'stranger');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(await commonName(gateway)).toBe('first');
  });

  test('takes up a renewed certificate without a restart', async () => {
    await gateway.files.issue('third');
    await eventually(async () => expect(await commonName(gateway)).toBe('third'));
  });
});

test('a gateway follows the Service of the auth API to another address', async () => {
  const gateway = await Gateway.start('moved', await GatewayFiles.write({}));
  const [before, after] = await Promise.all([
    Upstream.listen(gateway.ports.api, '127.0.0.1'),
    Upstream.listen(gateway.ports.api, '127.0.0.2'),
  ]);
  before.handle = answer(200, 'before');
  after.handle = answer(200, 'after');
  try {
    expect(await (await gateway.fetch('/v1/me')).text()).toBe('before');
    await gateway.files.resolveApi('127.0.0.2');
    await eventually(async () => expect(await (await gateway.fetch('/v1/me')).text()).toBe('after'));
  } finally {
    await removeContainers();
    await Promise.all([before.close(), after.close()]);
  }
});

interface Offer {
  minVersion?: 'TLSv1';
  maxVersion: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
}

function handshake({ ports }: Gateway, offer: Offer): Promise<object> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: ports.tls,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2', 'http/1.1'],
    };
    const socket = connect({ ...options, ...offer }, () => {
      resolve({ version: socket.getProtocol(), protocol: socket.alpnProtocol });
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

async function commonName(gateway: Gateway): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: gateway.ports.tls, rejectUnauthorized: false }, () => {
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      resolve(String(subject.CN));
    });
    socket.on('error', reject);
  });
}

function overTls({ ports }: Gateway, path: string): Promise<NodeJS.Dict<string | string[]>> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: ports.tls, path, rejectUnauthorized: false, agent: false };
    httpsRequest(options, (response) => {
      response.resume();
      resolve(response.headers);
    })
      .on('error', reject)
      .end();
  });
}
