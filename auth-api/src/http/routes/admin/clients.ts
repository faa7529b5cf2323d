import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { OAuthClient, UnknownPermissions } from '../../../domain/ports/clients.ts';
import { createOnce } from '../../create-once.ts';
import { etagOf, versionsOf } from '../../etag.ts';
import { type Answer, problem } from '../../problem.ts';
import { bearerRoute, type Route } from '../../route.ts';
import { pageBody, pageQuery, problemResponse } from '../../schemas.ts';
import {
  clientBody,
  clientChangeRequest,
  clientListResponse,
  clientRequest,
  clientResponse,
  createdClientResponse,
  secretRequest,
  secretResponse,
} from './client-schemas.ts';

const mayRead = 'authcluster.clients.read';
const mayWrite = 'authcluster.clients.write';
const nameTaken = { 409: { description: 'The name is taken.', schema: problemResponse } };
const outdated = { 412: { description: 'The client has changed since it was read.', schema: problemResponse } };

const listClients = bearerRoute(
  {
    method: 'get',
    path: '/v1/admin/clients',
    operation: 'list_clients',
    summary: 'Services that ask for tokens, or about them',
    query: pageQuery,
    permission: mayRead,
    answers: { 200: { description: 'A page of clients.', schema: clientListResponse } },
  },
  async ({ query: { cursor: after, limit } }, _, ports) => {
    const clients = await ports.clients.list({ after, limit });
    return { status: 200, body: pageBody(clients.map(clientBody), limit) };
  },
);

const createClient = bearerRoute(
  {
    method: 'post',
    path: '/v1/admin/clients',
    operation: 'create_client',
    summary: 'Register a service',
    body: clientRequest,
    takesIdempotencyKey: true,
    permission: mayWrite,
    answers: { 201: { description: 'The client, with its secret.', schema: createdClientResponse }, ...nameTaken },
  },
  ({ body, idempotencyKey, event }, { userId }, ports) => {
    const { name, jwks, may, permissions } = body;
    const scope = `create_client ${userId}`;
    const secretOf = (id: string) =>
      ports.clientSecrets.mint(idempotencyKey === undefined ? undefined : seed(scope, id, idempotencyKey));
    const shown = (client: OAuthClient, secret: string): Answer => {
      const isGood = ports.clientSecrets.isAmong(secret, client.secretHashes);
      const shownClient = clientBody(client);
      const headers = { etag: etagOf(client, shownClient), location: `/v1/admin/clients/${client.id}` };
      return { status: 201, body: { ...shownClient, ...(isGood ? { client_secret: secret } : {}) }, headers };
    };
    const show = async (id: string, secret = secretOf(id)) => {
      const client = await ports.clients.find(id);
      return client === undefined ? undefined : shown(client, secret);
    };
    const create = async (id: string): Promise<Answer> => {
      const secret = secretOf(id);
      const credential = jwks === undefined ? { secretHash: ports.clientSecrets.hash(secret) } : { jwks };
      event.about({ details: { client: id } });
      const outcome = await ports.clients.create(
        { id, name, may, permissions, credential, grantId: randomUUID() },
        event,
      );
      if (outcome.kind === 'nameTaken') return problem('name_taken');
      if (outcome.kind === 'unknownPermissions') return unknown(outcome);
      return (await show(id, secret)) ?? problem('not_found');
    };
    return createOnce({ idempotencyKey, scope, body, event, create, show }, ports);
  },
);

const getClient = bearerRoute(
  {
    method: 'get',
    path: '/v1/admin/clients/{id}',
    operation: 'get_client',
    summary: 'One client',
    parameters: { id: z.uuid() },
    permission: mayRead,
    answers: { 200: { description: 'The client; its ETag is for If-Match.', schema: clientResponse } },
  },
  async ({ parameter }, _, ports) => {
    const client = await ports.clients.find(parameter('id'));
    return client === undefined ? problem('not_found') : clientAnswer(client);
  },
);

const changeClient = bearerRoute(
  {
    method: 'patch',
    path: '/v1/admin/clients/{id}',
    operation: 'change_client',
    summary: 'Change a client. Any change but of the name ends the access tokens it has',
    parameters: { id: z.uuid() },
    body: clientChangeRequest,
    ifMatch: 'needed',
    permission: mayWrite,
    answers: {
      200: { description: 'The client as it is now.', schema: clientResponse },
      ...outdated,
      ...nameTaken,
    },
  },
  async ({ parameter, body: { name, status, jwks, may, permissions }, ifMatch, event }, _, ports) => {
    const id = parameter('id');
    const client = await ports.clients.find(id);
    if (client === undefined) return problem('not_found');
    if (jwks !== undefined && client.authentication !== 'private_key_jwt') {
      return problem('invalid_request', { errors: [{ pointer: '/jwks', detail: 'is for private_key_jwt alone' }] });
    }
    const ending = {
      ...(status === undefined ? {} : { status }),
      ...(jwks === undefined ? {} : { jwks }),
      ...(may === undefined ? {} : { may }),
      ...(permissions === undefined ? {} : { permissions }),
    };
    const change = { ...ending, ...(name === undefined ? {} : { name }) };
    const grantId = Object.keys(ending).length === 0 ? undefined : randomUUID();
    const outcome = await ports.clients.change(id, versionsOf(ifMatch), change, grantId, event);
    switch (outcome.kind) {
      case 'changed':
        return clientAnswer(outcome.client);
      case 'versionConflict':
        return problem('version_conflict');
      case 'nameTaken':
        return problem('name_taken');
      case 'unknownPermissions':
        return unknown(outcome);
    }
  },
);

const replaceSecret = bearerRoute(
  {
    method: 'post',
    path: '/v1/admin/clients/{id}/secret',
    operation: 'replace_client_secret',
    summary: 'Give a client another secret; the one of before is good for a while',
    parameters: { id: z.uuid() },
    body: secretRequest,
    ifMatch: 'taken',
    takesIdempotencyKey: true,
    permission: mayWrite,
    answers: {
      201: { description: 'The secret, shown here alone.', schema: secretResponse },
      409: { description: 'The client has keys, and no secret.', schema: problemResponse },
      ...outdated,
    },
  },
  async ({ parameter, body: { keep_previous_seconds }, ifMatch, idempotencyKey, event }, { userId }, ports) => {
    const id = parameter('id');
    const scope = `replace_client_secret ${userId}`;
    const seeded = idempotencyKey === undefined ? undefined : seed(scope, id, idempotencyKey);
    const secret = ports.clientSecrets.mint(seeded);
    const before = await ports.clients.find(id);
    if (before === undefined) return problem('not_found');
    if (before.authentication !== 'client_secret_basic') return problem('no_client_secret');
    // A request that is repeated with its key has done it already.
    if (ports.clientSecrets.isAmong(secret, before.secretHashes)) event.settle();
    else {
      const secretHash = ports.clientSecrets.hash(secret);
      const grantId = keep_previous_seconds === 0 ? randomUUID() : undefined;
      const replacement = { secretHash, keepPreviousSeconds: keep_previous_seconds, grantId };
      const outcome = await ports.clients.replaceSecret(id, versionsOf(ifMatch), replacement, event);
      if (outcome === 'versionConflict') return problem('version_conflict');
    }
    const client = await ports.clients.find(id);
    if (client === undefined) return problem('not_found');
    const expiry = clientBody(client).previous_secret_expires_at;
    return { status: 201, body: { client_secret: secret, previous_secret_expires_at: expiry } };
  },
);

const deleteClient = bearerRoute(
  {
    method: 'delete',
    path: '/v1/admin/clients/{id}',
    operation: 'delete_client',
    summary: 'Delete a client; its access tokens end',
    parameters: { id: z.uuid() },
    ifMatch: 'taken',
    permission: mayWrite,
    answers: { 204: { description: 'It is gone.' }, ...outdated },
  },
  async ({ parameter, ifMatch, event }, _, ports) => {
    switch (await ports.clients.delete(parameter('id'), versionsOf(ifMatch), event)) {
      case 'done':
        return { status: 204 };
      case 'notFound':
        return problem('not_found');
      case 'versionConflict':
        return problem('version_conflict');
    }
  },
);

function clientAnswer(client: OAuthClient): Answer {
  const body = clientBody(client);
  return { status: 200, body, headers: { etag: etagOf(client, body) } };
}

function unknown({ indexes }: UnknownPermissions): Answer {
  const errors = indexes.map((index) => ({ pointer: `/permissions/${index}`, detail: 'is no permission there is' }));
  return problem('invalid_request', { errors });
}

function seed(scope: string, id: string, idempotencyKey: string): string {
  return JSON.stringify([scope, id, idempotencyKey]);
}

export const clientRoutes: readonly Route[] = [
  listClients,
  createClient,
  getClient,
  changeClient,
  replaceSecret,
  deleteClient,
];
