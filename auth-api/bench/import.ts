import { createHash, pbkdf2Sync, randomBytes, scryptSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import bcrypt from 'bcrypt';
import { administratorToken } from '../integration/harness/administrator-token.ts';
import type { ApiProcess } from '../integration/harness/api-process.ts';
import { Client } from '../integration/harness/client.ts';
import type { Stack } from '../integration/harness/stack.ts';
import { computeHash } from '../src/security/hashing/compute.ts';
import { password } from './accounts.ts';
import type { Bar } from './bars.ts';
import { cpuSeconds } from './server-process.ts';

const accounts = 100_000;
const sampleMs = 50;
const kibibytesInMebibyte = 1024;

/** Accounts with hashes of every kind from elsewhere, and how much more memory twice as many of them take. */
export async function measureImport(_: Stack, api: ApiProcess): Promise<Bar[]> {
  const token = await administratorToken(new Client(api.url), 60_000);
  // The young generation of V8 takes up to an eighth of a gigabyte before it is collected, whatever fills it.
  await importAccounts(api, token, accounts / 2);
  const few = await highestMebibytes(api.pid, () => importAccounts(api, token, accounts / 2));
  const [startedMs, startedCpuSeconds] = [performance.now(), cpuSeconds(api.pid)];
  const many = await highestMebibytes(api.pid, () => importAccounts(api, token, accounts));
  const seconds = (performance.now() - startedMs) / 1000;
  const details = { accounts, seconds, apiCpuSeconds: cpuSeconds(api.pid) - startedCpuSeconds };
  return [
    { name: 'import-accounts-per-second', value: accounts / seconds, limit: 5_000, direction: 'at-least', details },
    {
      name: 'import-memory-growth-mib',
      value: many - few,
      limit: 64,
      direction: 'at-most',
      details: { highestOfFewMebibytes: few, highestOfManyMebibytes: many },
    },
  ];
}

/** What a process has in memory while something runs. */
async function highestMebibytes(pid: number, run: () => Promise<void>): Promise<number> {
  let highest = residentMebibytes(pid);
  const sampling = setInterval(() => {
    highest = Math.max(highest, residentMebibytes(pid));
  }, sampleMs);
  await run().finally(() => clearInterval(sampling));
  return highest;
}

async function importAccounts(api: ApiProcess, token: string, count: number): Promise<void> {
  const answer = await fetch(`${api.url}/v1/admin/users/import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
    body: Readable.toWeb(Readable.from(lines(count))),
    duplex: 'half',
  } as RequestInit);
  const report = (await answer.json()) as { created?: number };
  if (report.created !== count) throw new Error(`an import answered ${answer.status} ${JSON.stringify(report)}`);
}

/** In pieces of a hundred lines, so that making them is little of the work. */
function* lines(count: number): Generator<string> {
  const hashes = foreignHashes();
  const run = randomBytes(6).toString('hex');
  for (let from = 0; from < count; from += 100) {
    const piece = Array.from({ length: Math.min(100, count - from) }, (_, index) => {
      const username = `${run}-${from + index}`;
      return JSON.stringify({
        username,
        email: `${username}@example.com`,
        email_verified: index % 2 === 0,
        display_name: 'Ada Lovelace',
        locale: 'en-GB',
        password_hash: hashes[index % hashes.length],
        external_id: `elsewhere|${username}`,
        created_at: '2019-05-04T03:02:01Z',
      });
    });
    yield `${piece.join('\n')}\n`;
  }
}

function foreignHashes(): string[] {
  const salt = Buffer.from('0123456789abcdef');
  const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
  const md5 = createHash('md5').update(password).digest('hex');
  return [
    bcrypt.hashSync(password, 4).replace('$2b$', '$2y$'),
    computeHash(password, { algorithm: 'argon2id', memoryKib: 64, passes: 2, parallelism: 1 }),
    `$scrypt$ln=10,r=8,p=1$${base64(salt)}$${base64(scryptSync(password, salt, 32, { N: 1024 }))}`,
    `$pbkdf2-sha256$i=1000$${base64(salt)}$${base64(pbkdf2Sync(password, salt, 1000, 32, 'sha256'))}`,
    md5,
    `md5$pepper$${md5}`,
  ];
}

function residentMebibytes(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) / kibibytesInMebibyte;
}
