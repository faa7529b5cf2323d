import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Administration } from './harness/administration.ts';
import { unlessBusy } from './harness/client.ts';
import { connect } from './harness/postgres.ts';
import { runningStack } from './harness/running-stack.ts';

/** Many at once, so that many connections have the statement prepared. */
const atOnce = 16;

const stack = runningStack();
let administration: Administration;
beforeAll(async () => {
  administration = await Administration.start();
});
afterAll(() => administration?.stop());

/** After each change of the type of a column of text. */
async function whileTypeChanges(column: { table: string; name: string }, check: () => Promise<void>): Promise<void> {
  const owner = await connect(stack.primaryPort, 'auth_migrator');
  const change = (type: string) =>
    owner.query(`ALTER TABLE auth.${column.table} ALTER COLUMN ${column.name} TYPE ${type}`);
  try {
    for (const type of ['text', 'varchar(4000)', 'text']) {
      await change(type);
      for (let round = 0; round < 3; round += 1) await check();
    }
  } finally {
    await change('text');
    await owner.end();
  }
}

test('a column that gets another type under prepared statements makes no answer fail', async () => {
  const ask = () => unlessBusy(() => administration.send('GET', '/permissions'));
  await whileTypeChanges({ table: 'permissions', name: 'description' }, async () => {
    const answers = await Promise.all(Array.from({ length: atOnce }, ask));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });
});

test('and no transaction of several statements, which is run again as a whole', async () => {
  const { client, token } = administration;
  const path = '/v1/admin/clients';
  const newService = async () => {
    const body = { name: `service ${randomUUID()}`, permissions: ['authcluster.users.read'] };
    const { headers } = await unlessBusy(() => client.send('POST', path, { token, body }));
    return { location: headers.get('location') ?? '', etag: headers.get('etag') ?? '' };
  };
  const services = await Promise.all(Array.from({ length: atOnce }, newService));
  const rename = async (service: (typeof services)[number]) => {
    const name = `service ${randomUUID()}`;
    const headers = { 'if-match': service.etag };
    const { status, body, ...answer } = await unlessBusy(() =>
      client.send('PATCH', service.location, { token, headers, body: { name } }),
    );
    service.etag = answer.headers.get('etag') ?? '';
    return { isRenamed: status === 200 && body.name === name, status };
  };
  await whileTypeChanges({ table: 'clients', name: 'name' }, async () => {
    const answers = await Promise.all(services.map(rename));
    expect(answers).toEqual(services.map(() => ({ isRenamed: true, status: 200 })));
  });
});
