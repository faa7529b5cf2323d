import { describe, expect, test } from '@jest/globals';
import type { PendingAuditEvent } from '../../../domain/audit.ts';
import type { ClientStore } from '../../../domain/ports/clients.ts';
import { isExpected } from '../../../domain/ports/expected-version.ts';
import { portOf, registeredClient } from '../../../testing/fakes.ts';
import { type EntityTags, etagOf } from '../../etag.ts';
import type { ApiPorts, RouteRequest } from '../../route.ts';
import { clientRoutes } from './clients.ts';

const body = { keep_previous_seconds: 0 };
const times = { authenticatedAtSeconds: 0, issuedAtSeconds: 0, expiresAtSeconds: 300 };
const claims = { userId: 'ada', sessionId: 's', tokenId: 't', roles: [], hasSecondFactor: false, ...times };

/** Asks for something with the registered client; the store knows whether it is meant. */
function ask(operation: string, ifMatch: EntityTags, { knowsSecret = false } = {}) {
  const outcome = async (_: string, version: Parameters<ClientStore['delete']>[1]) =>
    isExpected(version, registeredClient.version) ? ('done' as const) : ('versionConflict' as const);
  const ports = portOf<ApiPorts>({
    clients: portOf<ClientStore>({ find: async () => registeredClient, delete: outcome, replaceSecret: outcome }),
    clientSecrets: { mint: () => 'secret', hash: () => Buffer.from('hash'), isAmong: () => knowsSecret },
  });
  const event = portOf<PendingAuditEvent>({ settle: () => {} });
  const idempotencyKey = undefined;
  const request = portOf<RouteRequest<unknown, unknown>>({
    ...{ body, ifMatch, event, idempotencyKey },
    parameter: () => registeredClient.id,
  });
  const route = clientRoutes.find(({ description }) => description.operation === operation);
  return route?.handle(request, claims, ports);
}

describe.each([
  ['delete_client', 204],
  ['replace_client_secret', 201],
])('%s', (operation, done) => {
  test('is done where If-Match names the client as it is, or is not there', async () => {
    const tag = etagOf(registeredClient, {});
    expect(await ask(operation, [tag])).toMatchObject({ status: done });
    expect(await ask(operation, '*')).toMatchObject({ status: done });
  });

  test('is refused where the client has changed since it was read', async () => {
    const tag = etagOf({ version: registeredClient.version - 1 }, {});
    expect(await ask(operation, [tag])).toMatchObject({ status: 412, body: { title: expect.any(String) } });
  });
});

test('a request that is repeated with its key is answered as before, though it has changed the client itself', async () => {
  const tag = etagOf({ version: registeredClient.version - 1 }, {});
  expect(await ask('replace_client_secret', [tag], { knowsSecret: true })).toMatchObject({ status: 201 });
});
