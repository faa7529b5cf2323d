import { connect as connectSocket, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { afterEach, expect, test } from '@jest/globals';
import { removeContainers } from '../../dev/containers/container.ts';
import { Gateway, GatewayFiles } from './harness/gateway.ts';
import { Upstream } from './harness/upstream.ts';

const EXPOSE = { type: 'LoadBalancer', proxyProtocol: true };
const HEADER = 'PROXY TCP4 198.51.100.7 192.0.2.1 51000 443\r\n';
/** What a client writes that would be taken for another, and for one on a connection that is safe. */
const FORGED = 'X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n';

let api: Upstream | undefined;

afterEach(async () => {
  await removeContainers();
  await api?.close();
  api = undefined;
});

async function start(spec: object): Promise<Gateway> {
  const files = await GatewayFiles.write({ expose: EXPOSE, ...spec });
  if ('tls' in spec) await files.issue('acme');
  const gateway = await Gateway.start('proxy-protocol', files);
  api = await Upstream.listen(gateway.ports.api);
  return gateway;
}

/** All that comes back until the connection ends. */
async function answerOn(socket: Socket): Promise<string> {
  socket.write(`GET /v1/me HTTP/1.1\r\nHost: auth.example.com\r\n${FORGED}Connection: close\r\n\r\n`);
  return text(socket);
}

/** A connection as a load balancer on this machine hands it on: `header` comes before anything of the client. */
async function handedOn(port: number, header: string): Promise<Socket> {
  const socket = connectSocket(port, '127.0.0.1');
  // Sent before TLS takes the connection over.
  await new Promise((resolve) => socket.write(header, resolve));
  return socket;
}

test('a client has the address that a trusted proxy says, whatever it writes itself', async () => {
  const gateway = await start({ trustedProxies: ['127.0.0.0/8'] });
  expect(await answerOn(await handedOn(gateway.ports.plain, HEADER))).toMatch(/^HTTP\/1\.1 200 /);
  expect(api?.last.headers).toMatchObject({ 'x-forwarded-for': '198.51.100.7', 'x-forwarded-proto': 'http' });
});

test('it has it by TLS as well', async () => {
  const gateway = await start({ trustedProxies: ['127.0.0.0/8'], tls: { secretName: 'acme-tls' } });
  const socket = connectTls({ socket: await handedOn(gateway.ports.tls, HEADER), rejectUnauthorized: false });
  expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 200 /);
  expect(api?.last.headers).toMatchObject({ 'x-forwarded-for': '198.51.100.7', 'x-forwarded-proto': 'https' });
});

test('nobody else is believed', async () => {
  const gateway = await start({ trustedProxies: ['192.0.2.0/24'] });
  await answerOn(await handedOn(gateway.ports.plain, HEADER));
  expect(api?.last.headers['x-forwarded-for']).toBe('127.0.0.1');
});

test('a connection that begins otherwise is closed, and probes and metrics need no header', async () => {
  const gateway = await start({ trustedProxies: ['127.0.0.0/8'] });
  await expect(gateway.fetch('/v1/me')).rejects.toThrow('fetch failed');
  expect(api?.asked).toHaveLength(0);
  expect(await gateway.operations('/healthz')).toBe('ok');
  expect(await gateway.operations('/metrics')).toContain('nginx_http_requests_total');
});
