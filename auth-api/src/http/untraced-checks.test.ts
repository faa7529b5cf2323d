import { once } from 'node:events';
import { createServer, IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { isUntracedCheck, leaveChecksUntraced } from './untraced-checks.ts';

const traceOf = (flags: string) => `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-${flags}`;

function request(url: string, traceparent?: string): IncomingMessage {
  const made = new IncomingMessage(new Socket());
  made.url = url;
  if (traceparent !== undefined) made.headers.traceparent = traceparent;
  return made;
}

test.each([
  ['of a trace that is recorded', '/verify', traceOf('01'), false],
  ['of one that other flags say more about', '/verify?permission=a', traceOf('03'), false],
  ['of a trace that is not', '/verify', traceOf('00'), true],
  ['of a traceparent that is none', '/verify', 'none', true],
  ['of health', '/health', undefined, true],
])('a check %s', (_, url, traceparent, expected) => {
  expect(isUntracedCheck(request(url, traceparent), () => 0.5)).toBe(expected);
});

test('a check that nobody traces is left to the sampler one time in a hundred, and all else always', () => {
  expect([0.0099, 0.01].map((random) => isUntracedCheck(request('/verify'), () => random))).toEqual([false, true]);
  expect(isUntracedCheck(request('/v1/me', traceOf('00')), () => 0.5)).toBe(false);
});

let server: Server | undefined;
afterEach(() => void server?.close());

test('goes past what is around the server’s emit, and is answered', async () => {
  const seen: string[] = [];
  server = createServer((_, response) => void response.end('ok'));
  const emit: (event: string, ...given: unknown[]) => boolean = server.emit.bind(server);
  server.emit = (event: string, ...given: unknown[]) => {
    if (event === 'request') seen.push((given[0] as IncomingMessage).url ?? '');
    return emit(event, ...given);
  };
  leaveChecksUntraced(server, () => 0.5);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  for (const path of ['/verify', '/v1/me']) {
    expect(await (await fetch(`http://127.0.0.1:${port}${path}`)).text()).toBe('ok');
  }
  expect(seen).toEqual(['/v1/me']);
});
