import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import fastify from 'fastify';
import type { AuthOptions } from '../auth.ts';
import { expressAuth } from '../express.ts';
import { fastifyAuth } from '../fastify.ts';

/** The same service with either framework. */
export interface Running {
  readonly url: string;
  readonly stop: () => Promise<unknown>;
}

export async function runExpress(options: AuthOptions): Promise<Running> {
  const auth = expressAuth(options);
  const app = express();
  app.get('/me', auth.authenticate(), ({ auth }, response) => void response.json(auth ?? null));
  app.get('/greeting', auth.authenticateIfPresented(), ({ auth }, response) => void response.json(auth ?? null));
  app.get('/service', auth.authenticate(), ({ auth, service }, response) => void response.json({ auth, service }));
  app.get('/read', auth.requireRole('reader'), (_, response) => void response.json('read'));
  app.get('/write', auth.requireRole('writer'), (_, response) => void response.json('written'));
  app.get('/orders', auth.requirePermission('orders.read'), (_, response) => void response.json('orders'));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => new Promise((resolve) => server.close(resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}

export async function runFastify(options: AuthOptions): Promise<Running> {
  const app = fastify();
  await app.register(fastifyAuth, options);
  const { auth } = app;
  app.get('/me', { onRequest: auth.authenticate() }, async (request) => request.auth);
  app.get('/greeting', { onRequest: auth.authenticateIfPresented() }, async ({ auth: caller }, reply) =>
    reply.send(caller ?? 'null'),
  );
  app.get('/service', { onRequest: auth.authenticate() }, async ({ auth, service }) => ({
    ...(auth && { auth }),
    ...(service && { service }),
  }));
  app.get('/read', { onRequest: auth.requireRole('reader') }, async () => '"read"');
  app.get('/write', { onRequest: auth.requireRole('writer') }, async () => '"written"');
  app.get('/orders', { onRequest: auth.requirePermission('orders.read') }, async () => '"orders"');
  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), stop: () => app.close() };
}
