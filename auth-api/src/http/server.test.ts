import { once } from 'node:events';
import { Agent, get, type IncomingMessage, request as send } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DrainableServer } from './server.ts';

let server: DrainableServer;
let agent: Agent;
let port: number;

beforeEach(async () => {
  server = new DrainableServer((_request, response) => void response.end('ok'), {
    times: { orderMs: 300, idleGraceMs: 100 },
  });
  port = await server.listen(0);
  agent = new Agent({ keepAlive: true, maxSockets: 1 });
});

afterEach(async () => {
  agent.destroy();
  await server.close(100);
});

/** Over the connection that is kept, if one is. */
async function ask(): Promise<string | undefined> {
  const [answer] = (await once(get({ port, agent }), 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  return answer.headers.connection;
}

test('what reads a request to its end also ends where the request has no body', async () => {
  const reading = new DrainableServer(async (request, response) => {
    const chunks = await request.toArray();
    response.end(String(chunks.length));
  });
  const sent = send({ port: await reading.listen(0), method: 'POST', agent });
  const [answer] = (await once(sent.end(), 'response')) as [IncomingMessage];
  expect((await answer.toArray()).join('')).toBe('0');
  await reading.close(100);
});

const idleConnections = () => Object.values(agent.freeSockets).flat().length;

describe('a server that stands by', () => {
  test('has those who keep a connection open the next one elsewhere', async () => {
    expect(await ask()).toBe('keep-alive');
    server.standBy();
    expect(await ask()).toBe('close');
  });

  test('closes connections that have nothing to answer, but not at once', async () => {
    await ask();
    server.standBy();
    await delay(20);
    expect(idleConnections()).toBe(1);
    await delay(200);
    expect(idleConnections()).toBe(0);
  });

  test('serves as before when it is not told again', async () => {
    server.standBy();
    await delay(200);
    server.standBy();
    await delay(200);
    expect(await ask()).toBe('close');
    await delay(200);
    expect(await ask()).toBe('keep-alive');
    await delay(200);
    expect(idleConnections()).toBe(1);
  });
});
