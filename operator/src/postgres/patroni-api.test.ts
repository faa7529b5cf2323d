import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Login } from './connection.ts';
import { type PatroniApi, PatroniRefused, patroniApi } from './patroni-api.ts';

const pod = { namespace: 'n', name: 'x-postgres-0', ip: '10.0.0.1' };
const FORMER = { user: 'patroni', password: 'word' };
const PRESENT = { user: 'patroni', password: 'another' };
let server: Server | undefined;
afterEach(() => {
  server?.close();
});

/** A member that answers this, and what it was asked. */
async function member(
  status: number | ((authorization: string | undefined) => number),
  text: string,
  logins: readonly Login[] = [FORMER],
): Promise<{ api: PatroniApi; asked: string[] }> {
  const asked: string[] = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      asked.push(`${request.headers.authorization} ${request.method} ${request.url} ${body}`);
      response.writeHead(typeof status === 'number' ? status : status(request.headers.authorization)).end(text);
    });
  });
  await new Promise<void>((resolve) => {
    server?.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const dialer = { reach: async () => ({ host: '127.0.0.1', port, close: () => undefined }) };
  return { api: patroniApi(dialer, logins), asked };
}

describe("Patroni's REST API", () => {
  test('is asked with the login, and says when it is done', async () => {
    const { api, asked } = await member(200, 'Successfully switched over');
    await api.switchOver(pod, 'x-postgres-1');
    await api.restart(pod);
    expect(asked).toEqual([
      'Basic cGF0cm9uaTp3b3Jk POST /switchover {"leader":"x-postgres-0","candidate":"x-postgres-1"}',
      'Basic cGF0cm9uaTp3b3Jk POST /restart {"restart_pending":true}',
    ]);
  });

  test('is asked with each of two logins until one is taken, and tells which', async () => {
    const header = ({ user, password }: Login) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    let taken = FORMER;
    const { api, asked } = await member((given) => (given === header(taken) ? 202 : 401), 'reload scheduled', [
      PRESENT,
      FORMER,
    ]);
    expect(await api.reload(pod)).toBe(FORMER);
    taken = PRESENT;
    expect(await api.reload(pod)).toBe(PRESENT);
    expect(asked).toEqual([PRESENT, FORMER, PRESENT].map((each) => `${header(each)} POST /reload {}`));
  });

  test.each([
    [412, true],
    [401, true],
    [503, false],
  ])('that answers %i has certainly begun nothing: %s', async (status, nothingBegun) => {
    const { api } = await member(status, 'no good candidates');
    const refusal = api.switchOver(pod, 'x-postgres-1');
    await expect(refusal).rejects.toThrow(PatroniRefused);
    await expect(refusal).rejects.toMatchObject({ nothingBegun, message: expect.stringContaining('candidates') });
  });

  test.each(['restart conditions are not satisfied', 'switchover: demote already in progress'])(
    'need not restart a member of which it says: %s',
    async (text) => {
      const { api } = await member(503, text);
      await expect(api.restart(pod)).resolves.toBeUndefined();
      await expect(api.switchOver(pod, 'x-postgres-1')).rejects.toThrow(PatroniRefused);
    },
  );
});
