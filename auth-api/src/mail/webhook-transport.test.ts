import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebhookMailTransport, webhookSignature } from './webhook-transport.ts';

const secret = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

function folderWith(content: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'webhook-'));
  writeFileSync(join(directory, 'secret'), content);
  return directory;
}

let status = 204;
const received: { headers: IncomingHttpHeaders; body: string }[] = [];
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  received.push({ headers: request.headers, body });
  response.writeHead(status, { location: '/elsewhere' }).end();
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise((resolve) => server.close(resolve)));

const transport = () =>
  new WebhookMailTransport({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mail`,
    credentialsDirectory: folderWith(`whsec_${secret}\n`),
    clock: { nowMs: () => 1_614_265_330_900 },
  });
const mail = {
  id: 'msg_1',
  template: 'reset_password',
  to: 'ada@example.com',
  language: 'en',
  subject: 'S',
  text: 'T',
  html: 'H',
  values: { link: 'https://shop/' },
} as const;

// The vector of the libraries at https://github.com/standard-webhooks/standard-webhooks.
test('signatures are those of Standard Webhooks', () => {
  const content = 'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}';
  expect(webhookSignature(Buffer.from(secret, 'base64'), content)).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

test('mail is handed over, signed with its id and time', async () => {
  expect(await transport().send(mail)).toBe('sent');
  const { headers, body } = received.at(-1) ?? { headers: {}, body: '' };
  const { id: _, template: __, ...data } = mail;
  expect(JSON.parse(body)).toEqual({ type: 'mail.reset_password', timestamp: '2021-02-25T15:02:10.900Z', data });
  expect(headers).toMatchObject({ 'webhook-id': 'msg_1', 'webhook-timestamp': '1614265330' });
  expect(headers['webhook-signature']).toBe(
    webhookSignature(Buffer.from(secret, 'base64'), `msg_1.1614265330.${body}`),
  );
});

test.each([500, 429, 302])('an answer of %d is no delivery', async (answered) => {
  status = answered;
  await expect(transport().send(mail)).rejects.toThrow();
});

test.each(['', secret, 'whsec_c2hvcnQ='])('mail waits while "%s" is to be the secret', async (content) => {
  const options = { url: 'http://127.0.0.1/', credentialsDirectory: folderWith(content), clock: { nowMs: () => 0 } };
  await expect(new WebhookMailTransport(options).send(mail)).rejects.toThrow(/must be whsec_/);
});
