import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request as send } from 'node:http';
import { connect } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { setBodyDeadline } from './body-deadline.ts';
import { BodyCutOffError, bodyStream } from './body-stream.ts';
import { DrainableServer, type RequestListener } from './server.ts';

let server: DrainableServer | undefined;
const agent = new Agent({ keepAlive: true });
afterEach(async () => {
  agent.destroy();
  await server?.close(0);
  server = undefined;
});

async function post(listener: RequestListener): Promise<ClientRequest> {
  server = new DrainableServer(listener);
  const sent = send({ port: await server.listen(0), method: 'POST', agent });
  sent.on('error', () => {});
  return sent;
}

async function answerTo(sent: ClientRequest): Promise<string> {
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return (await answer.toArray()).join('');
}

test('the body is read as it comes', async () => {
  const sent = await post(async (request, response) => {
    for await (const chunk of bodyStream(request)) response.write(chunk);
    response.end();
  });
  sent.write('a');
  sent.end('b');
  expect(await answerTo(sent)).toBe('ab');
});

test('where the body is not read to its end it is answered all the same, and so is the next request', async () => {
  server = new DrainableServer(async (request, response) => {
    for await (const _ of bodyStream(request)) break;
    response.end('answered');
  });
  const socket = connect(await server.listen(0));
  const length = 5_000_000;
  socket.write(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n`);
  socket.write('x'.repeat(length));
  socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  expect((await socket.toArray()).join('').match(/answered/g)).toHaveLength(2);
});

test.each([
  ['its sender leaves', (sent: ClientRequest) => sent.destroy(), 60_000],
  ['nothing comes for too long', () => {}, 50],
])('a body is cut off where %s', async (_, then, silenceMs) => {
  const read = Promise.withResolvers<unknown>();
  const sent: ClientRequest = await post(async (request) => {
    try {
      for await (const _ of bodyStream(request, silenceMs)) then(sent);
      read.resolve('read to the end');
    } catch (error) {
      read.reject(error);
    }
  });
  sent.write('a');
  await expect(read.promise).rejects.toThrow(BodyCutOffError);
});

test('a body that is sent for too long ends its connection', async () => {
  const sent = await post((request) => setBodyDeadline(request, 20));
  const closed = Promise.withResolvers<void>();
  sent.on('close', closed.resolve);
  sent.write('a');
  await closed.promise;
});
