import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApiProcess } from './harness/api-process.ts';
import { Client } from './harness/client.ts';
import { CuttingProxy } from './harness/cutting-proxy.ts';
import { connect } from './harness/postgres.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

const stack = runningStack();
let pods: [ApiProcess, ApiProcess];
let clients: [Client, Client];
beforeAll(async () => {
  pods = await Promise.all([ApiProcess.start(serveEnvironment(stack)), ApiProcess.start(serveEnvironment(stack))]);
  clients = [new Client(pods[0].url), new Client(pods[1].url)];
});
afterAll(() => Promise.all((pods ?? []).map((pod) => pod.stop())));

/** Moves the last use of every refresh token into the past, as time would. */
async function letPass(seconds: number): Promise<void> {
  const superuser = await connect(stack.primaryPort, 'postgres');
  await superuser.query('UPDATE auth.refresh_tokens SET used_at = used_at - make_interval(secs => $1)', [seconds]);
  await superuser.end();
}

test('a session ends when it has lived for as long as it may, however often it is refreshed', async () => {
  const pod = await ApiProcess.start({ ...serveEnvironment(stack), SESSION_MAX_LIFETIME_SECONDS: '3600' });
  const superuser = await connect(stack.primaryPort, 'postgres');
  try {
    const client = new Client(pod.url);
    const { tokens } = await client.newSession();
    const { sid } = JSON.parse(Buffer.from(tokens.access_token.split('.')[1] ?? '', 'base64url').toString());
    const livesSeconds = async () => {
      const read =
        'SELECT extract(epoch FROM expires_at - created_at)::float8 AS seconds FROM auth.sessions WHERE id = $1';
      return (await superuser.query<{ seconds: number }>(read, [sid])).rows[0]?.seconds;
    };
    expect(await livesSeconds()).toBe(3600);
    const { body: refreshed } = await client.refresh(tokens.refresh_token);
    expect(await livesSeconds()).toBe(3600);
    // As a session that was refreshed last before there was a limit.
    await superuser.query("UPDATE auth.sessions SET created_at = created_at - interval '1 hour' WHERE id = $1", [sid]);
    expect((await client.refresh(refreshed.refresh_token)).status).toBe(401);
    const another = await clients[0].newSession();
    expect((await clients[0].refresh(another.tokens.refresh_token)).status).toBe(200);
  } finally {
    await superuser.end();
    await pod.stop();
  }
});

describe('a refresh token', () => {
  test('used again within the grace window gives the same successor, on any pod', async () => {
    const { tokens } = await clients[0].newSession();
    const first = await clients[0].refresh(tokens.refresh_token);
    const again = await clients[1].refresh(tokens.refresh_token);
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.body.refresh_token).toBe(first.body.refresh_token);
    expect((await clients[0].verify(again.body.access_token)).status).toBe(200);
  });

  test('used twenty times at once on two pods gives one successor', async () => {
    const { tokens } = await clients[0].newSession();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => clients[index % 2 === 0 ? 0 : 1].refresh(tokens.refresh_token)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
  });

  test('used again after the grace window ends the session', async () => {
    const { tokens } = await clients[0].newSession();
    const { body: successor } = await clients[0].refresh(tokens.refresh_token);
    await letPass(31);
    expect((await clients[1].refresh(tokens.refresh_token)).status).toBe(401);
    expect((await clients[0].refresh(successor.refresh_token)).status).toBe(401);
    expect((await clients[0].verify(successor.access_token)).status).toBe(401);
  });

  test('used again after its successor was used ends the session', async () => {
    const { tokens } = await clients[0].newSession();
    const { body: second } = await clients[0].refresh(tokens.refresh_token);
    const { body: third } = await clients[0].refresh(second.refresh_token);
    expect((await clients[0].refresh(tokens.refresh_token)).status).toBe(401);
    expect((await clients[0].refresh(third.refresh_token)).status).toBe(401);
  });

  test('that nobody was given is refused and ends nothing', async () => {
    const { tokens } = await clients[0].newSession();
    expect((await clients[0].refresh('A'.repeat(43))).status).toBe(401);
    expect((await clients[0].verify(tokens.access_token)).status).toBe(200);
  });

  test('is nowhere in the database', async () => {
    const { tokens } = await clients[0].newSession();
    const { body } = await clients[0].refresh(tokens.refresh_token);
    const superuser = await connect(stack.primaryPort, 'postgres');
    const { rows } = await superuser.query('SELECT t::text AS text FROM auth.refresh_tokens t');
    await superuser.end();
    const stored = JSON.stringify(rows);
    for (const token of [tokens.refresh_token, body.refresh_token]) {
      expect(stored).not.toContain(token);
      expect(stored).not.toContain(Buffer.from(token, 'base64url').toString('hex'));
    }
  });
});

describe('a pooler that goes', () => {
  let pooler: CuttingProxy;
  let pod: ApiProcess;
  let client: Client;
  beforeAll(async () => {
    pooler = await CuttingProxy.start(stack.poolerRwPort);
    pod = await ApiProcess.start({ ...serveEnvironment(stack), POSTGRES_WRITE_PORT: String(pooler.port) });
    client = new Client(pod.url);
  });
  afterAll(async () => {
    await pod?.stop();
    pooler?.close();
  });

  test.each(['before', 'after'] as const)('%s it has exchanged a token costs no refresh', async (when) => {
    const { tokens } = await client.newSession();
    pooler.cutNext('exchange_refresh_token', when);
    const { status, body } = await client.refresh(tokens.refresh_token);
    expect([status, pooler.hasCut]).toEqual([200, true]);
    expect((await client.refresh(body.refresh_token)).status).toBe(200);
  });

  test.each(['before', 'after'] as const)('%s it has ended a session costs no log-out', async (when) => {
    const { tokens } = await client.newSession();
    pooler.cutNext('end_session_by_refresh_token', when);
    const { status } = await client.logout(tokens.refresh_token);
    expect([status, pooler.hasCut]).toEqual([204, true]);
    expect((await client.verify(tokens.access_token)).status).toBe(401);
  });
});
