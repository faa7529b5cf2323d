import { Agent, get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { removeContainers } from '../../dev/containers/container.ts';
import { eventually } from '../../dev/eventually.ts';
import { Gateway, GatewayFiles } from './harness/gateway.ts';
import { Upstream } from './harness/upstream.ts';

let gateway: Gateway;
let api: Upstream;

beforeAll(async () => {
  gateway = await Gateway.start('draining', await GatewayFiles.write({}));
  api = await Upstream.listen(gateway.ports.api);
});
afterAll(async () => {
  await removeContainers();
  await api?.close();
});

/** An answer of the API's or, where it has none, of nginx's, over the connection before wherever that may be used again. */
function answerOf(path: string, agent: Agent): Promise<IncomingMessage & { isOnTheSameConnection: boolean }> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port: gateway.ports.plain, path, agent }, (response) => {
      const { reusedSocket } = request;
      response.resume().on('end', () => resolve(Object.assign(response, { isOnTheSameConnection: reusedSocket })));
    });
    request.on('error', reject);
  });
}

test('while it drains every answer asks for the end of its connection, and until then none does', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const paths = ['/v1/me', '/.well-known/jwks.json', '/no/such/path'];
  for (const path of paths) expect((await answerOf(path, agent)).headers.connection).toBe('keep-alive');
  expect((await answerOf('/v1/me', agent)).isOnTheSameConnection).toBe(true);
  const drained = gateway.run('gateway', 'drain', '1');
  await eventually(async () => expect((await answerOf('/v1/me', agent)).headers.connection).toContain('close'), 5000);
  for (const path of paths) {
    expect(await answerOf(path, agent)).toMatchObject({
      isOnTheSameConnection: false,
      headers: { connection: expect.stringContaining('close') },
    });
  }
  await drained;
  agent.destroy();
});
