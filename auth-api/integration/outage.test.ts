import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Container } from '../../dev/containers/container.ts';
import { eventually } from '../../dev/eventually.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Client } from './harness/client.ts';
import { forgetShared } from './harness/forget-shared.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

const { containers } = runningStack();
const container = (name: string) => new Container(containers[name] ?? '');
let api: ApiProcess;
let elsewhere: ApiProcess;
let client: Client;
beforeAll(async () => {
  const start = () => ApiProcess.start(serveEnvironment(runningStack()));
  [api, elsewhere] = await Promise.all([start(), start()]);
  client = new Client(api.url);
});
afterAll(() => Promise.all([api?.stop(), elsewhere?.stop()]));

let heal: () => Promise<unknown> = async () => {};
afterEach(async () => {
  await heal();
  heal = async () => {};
  await eventually(() => client.newSession(), 60_000);
});

/** A session that `api` has never heard of, and can ask about only the primary. */
async function unknownSession() {
  const session = await new Client(elsewhere.url).newSession();
  await forgetShared(session.tokens);
  return session;
}

const works = async () => {
  const { tokens } = await client.newSession();
  expect((await client.verify(tokens.access_token)).status).toBe(200);
};

describe.each([
  ['killed', (primary: Container) => primary.kill(), (primary: Container) => primary.restart()],
  ['silent', (primary: Container) => primary.pause(), (primary: Container) => primary.resume()],
])('with the primary %s', (_, fail, recover) => {
  test('logins, refreshes and checks answer 503 in time, readiness stays, and all is well after it', async () => {
    const { credentials, tokens } = await unknownSession();
    const primary = container('primary');
    await fail(primary);
    heal = () => recover(primary);
    const startedMs = performance.now();
    const answers = await Promise.all([
      client.login(credentials),
      client.refresh(tokens.refresh_token),
      client.verify(tokens.access_token),
      client.me(tokens.access_token),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
    for (const { headers } of answers) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(performance.now() - startedMs).toBeLessThan(13_000);
    const ops = new Client(api.opsUrl);
    expect((await ops.send('GET', '/readyz')).status).toBe(200);
    await heal();
    heal = async () => {};
    await eventually(works, 60_000);
    expect((await client.refresh(tokens.refresh_token)).status).toBe(200);
  });
});

test('a PgBouncer that was restarted is used again, and no error ends the process', async () => {
  const { tokens } = await unknownSession();
  const pooler = container('poolerRw');
  await pooler.kill();
  heal = () => pooler.restart();
  expect((await client.verify(tokens.access_token)).status).toBe(503);
  await pooler.restart();
  heal = async () => {};
  await eventually(works, 60_000);
});

test('without Redis everything goes on', async () => {
  const nodes = ['redis0', 'redis1', 'redis2'].map(container);
  await Promise.all(nodes.map((node) => node.pause()));
  heal = () => Promise.all(nodes.map((node) => node.resume()));
  await works();
});
