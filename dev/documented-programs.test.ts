import { mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { runCommand } from './command.ts';
import { blocksUnder, INTRODUCTION } from './markdown.ts';

const ROOT = path.join(import.meta.dirname, '..');
/** kubectl stands in for itself: what it is given to apply lies in applied.yaml. */
const PRELUDE = 'kubectl() { cat > applied.yaml; }\n';

/** Commands of guides write where they are run: into a folder that has all of the checkout. */
let checkout: string;
beforeAll(async () => {
  checkout = await mkdtemp(path.join(tmpdir(), 'authcluster-checkout-'));
  const there = (await readdir(ROOT)).filter((name) => name !== '.git');
  await Promise.all(there.map((name) => symlink(path.join(ROOT, name), path.join(checkout, name))));
});

async function blocks(page: string, heading: string): Promise<string[]> {
  return blocksUnder(await readFile(path.join(ROOT, 'docs/how-to', page), 'utf8'), heading, 'sh');
}

async function run(commands: string, input: Record<string, string> = {}): Promise<string> {
  await Promise.all(Object.entries(input).map(([name, text]) => writeFile(path.join(checkout, name), text)));
  return runCommand('bash', ['-euo', 'pipefail', '-c', PRELUDE + commands], { directory: checkout });
}

function written(name: string): Promise<string> {
  return readFile(path.join(checkout, name), 'utf8');
}

/** Each of them is started through npm, which takes its time on a machine that does much else. */
const TIMEOUT_MS = 240_000;

describe('programs of the guides', () => {
  test(
    'convert users of Keycloak, Auth0 and Firebase',
    async () => {
      const [keycloak = '', auth0 = '', firebase = ''] = await blocks(
        'move-users-in.md',
        'From Keycloak, Auth0, Firebase',
      );
      const user = async (command: string, input: Record<string, string>) => {
        await run(command, input);
        return JSON.parse(await written('users.ndjson')).username;
      };
      const realm = { realm: 'acme', users: [{ username: 'ada', realmRoles: ['app-admin'] }] };
      expect(await user(keycloak, { 'realm.json': JSON.stringify(realm) })).toBe('ada');
      expect(await user(auth0, { 'users.json': '{"username":"grace","email":"grace@example.com"}\n' })).toBe('grace');
      const shared = 'base64_signer_key: c2VjcmV0,\nbase64_salt_separator: Bw==,\nrounds: 8,\nmem_cost: 14,\n';
      const exported = JSON.stringify({ users: [{ localId: 'a1', email: 'mary@example.com' }] });
      expect(await user(firebase, { 'users.json': exported, 'hash-config.txt': shared })).toBe('mary@example.com');
    },
    TIMEOUT_MS,
  );

  test('make lines of a CSV file', async () => {
    const [, ofCsv = ''] = await blocks('move-users-in.md', 'From a table of your own');
    await run(ofCsv, { 'users.csv': 'username,email\nada,\n' });
    expect(JSON.parse(await written('users.ndjson'))).toEqual({ username: 'ada' });
  });

  test(
    'plan a cluster, and print what can be applied',
    async () => {
      const [plan = ''] = await blocks('size-a-cluster.md', INTRODUCTION);
      expect(await run(plan)).toContain('--peak-logins');
      expect(parse(await written('applied.yaml')).kind).toBe('AuthCluster');
    },
    TIMEOUT_MS,
  );
});
