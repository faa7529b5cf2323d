import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { BodyCutOffError } from './body-stream.ts';
import { readJson, requireJson } from './json-request.ts';

let server: Server | undefined;
let leave = () => {};
afterEach(() => {
  server?.close();
});

/** What becomes of a request of which `before` runs before its body is read: its body, or the error that ended it. */
async function outcomeOf(text: string, before: RequestHandler): Promise<unknown> {
  const app = express();
  const outcome = new Promise<unknown>((resolve) => {
    const told: ErrorRequestHandler = (error, _request, response, _next) => {
      resolve(error);
      response.end();
    };
    const served: RequestHandler = (request, response) => {
      resolve({ body: request.body });
      response.end();
    };
    app.post('/', before, requireJson, express.raw({ type: 'application/json' }), readJson, served);
    app.use(told);
  });
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
  client.write(`POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${text}`);
  leave = () => client.destroy();
  return outcome;
}

const goOn: RequestHandler = (_request, _response, next) => next();
const hasLeft: RequestHandler = (request, _response, next) => {
  request.socket.once('close', () => next());
  leave();
};
const body = 'Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}';

test('a body is read, and there need be none', async () => {
  expect(await outcomeOf(body, goOn)).toEqual({ body: { a: 1 } });
  server?.close();
  expect(await outcomeOf('\r\n', goOn)).toEqual({ body: undefined });
});

test.each([
  ['whole', body],
  ['in part', body.slice(0, -3)],
])(
  'a client that leaves while it is looked up, its body sent %s, does not ask for the same without it',
  async (_, text) => {
    expect(await outcomeOf(text, hasLeft)).toBeInstanceOf(BodyCutOffError);
  },
);
