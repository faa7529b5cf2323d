import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { administratorToken } from './harness/administrator-token.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Client, unlessBusy } from './harness/client.ts';
import { connect } from './harness/postgres.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

const stack = runningStack();
let api: ApiProcess;
beforeAll(async () => {
  api = await ApiProcess.start(serveEnvironment(stack));
});
afterAll(() => api?.stop());

test('a column that gets another type under prepared statements makes no answer fail', async () => {
  const client = new Client(api.url);
  const token = await administratorToken(client);
  // Many at once, so that many connections have the statement prepared.
  const statuses = async () => {
    const ask = () => unlessBusy(() => client.send('GET', '/v1/admin/permissions', { token }));
    const answers = await Promise.all(Array.from({ length: 16 }, ask));
    return new Set(answers.map(({ status }) => status));
  };
  const owner = await connect(stack.primaryPort, 'auth_migrator');
  try {
    for (const type of ['text', 'varchar(4000)', 'text']) {
      await owner.query(`ALTER TABLE auth.permissions ALTER COLUMN description TYPE ${type}`);
      for (let round = 0; round < 3; round += 1) expect(await statuses()).toEqual(new Set([200]));
    }
  } finally {
    await owner.query('ALTER TABLE auth.permissions ALTER COLUMN description TYPE text');
    await owner.end();
  }
});
