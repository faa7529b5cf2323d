import { generateKeyPairSync } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import type { ApiProcess } from '../integration/harness/api-process.ts';
import { Client } from '../integration/harness/client.ts';
import type { Stack } from '../integration/harness/stack.ts';
import { openSessions, seedAccounts } from './accounts.ts';
import { type Bar, median } from './bars.ts';
import { ClientProcess } from './client-process.ts';
import type { VerifyLoad, VerifyLoadResult } from './clients/verify-load.ts';
import { cpuSeconds, startServer } from './server-process.ts';

/** Short and many: what else the machine does then weighs on all servers alike. */
const rounds = 25;
const warmUpRounds = 5;
const amount = 6_000;
const sessions = 50;

/** /verify of sessions that are cached, against a bare server and against Express with jsonwebtoken, round by round. */
export async function measureVerifyCpu(stack: Stack, api: ApiProcess): Promise<Bar[]> {
  const accounts = await seedAccounts(stack, { count: sessions });
  const ours = (await openSessions(new Client(api.url), accounts)).map((tokens) => tokens.access_token);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const claims = {
    sub: '01890a5d-ac96-774b-bcce-b302099a8057',
    sid: '01890a5d-ac96-774b-bcce-b302099a8058',
    roles: [],
  };
  const es256 = ours.map((_, n) =>
    jsonwebtoken.sign({ ...claims, n }, privateKey, { algorithm: 'ES256', expiresIn: 3600 }),
  );
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const bare = await startServer('bare-http.ts');
  const express = await startServer('express-jsonwebtoken.ts', { PUBLIC_KEY: pem, NODE_ENV: 'production' });
  const load = new ClientProcess<VerifyLoad, VerifyLoadResult>('verify-load.ts');
  try {
    const measured = { api: [] as number[], bare: [] as number[], express: [] as number[] };
    for (let round = -warmUpRounds; round < rounds; round += 1) {
      const apiCpu = await cpuPerVerify(load, api, { amount, tokens: ours });
      const bareCpu = await cpuPerVerify(load, bare, { amount, tokens: ours });
      const expressCpu = await cpuPerVerify(load, express, { amount: amount / 5, tokens: es256 });
      // The first warm the compilers and the caches up.
      if (round < 0) continue;
      measured.api.push(apiCpu);
      measured.bare.push(bareCpu);
      measured.express.push(expressCpu);
    }
    return barsOf(measured);
  } finally {
    await Promise.all([bare.stop(), express.stop(), load.stop()]);
  }
}

/** Microseconds of the server's CPU that each request has cost. Throws where one fails. */
export async function cpuPerVerify(
  load: ClientProcess<VerifyLoad, VerifyLoadResult>,
  { pid, url }: { readonly pid: number; readonly url: string },
  given: Omit<VerifyLoad, 'url'>,
): Promise<number> {
  const before = cpuSeconds(pid);
  const { amount } = given;
  const answered = await load.run({ ...given, url });
  if (answered !== amount) throw new Error(`${amount - answered} of ${amount} requests to ${url} failed`);
  return ((cpuSeconds(pid) - before) / amount) * 1e6;
}

function barsOf({ api, bare, express }: Record<'api' | 'bare' | 'express', number[]>): Bar[] {
  const ratioTo = (others: number[]) => median(api.map((value, round) => value / (others[round] ?? Number.NaN)));
  const details = {
    apiMicroseconds: median(api),
    bareMicroseconds: median(bare),
    expressMicroseconds: median(express),
  };
  return [
    { name: 'verify-cpu-vs-bare-http', value: ratioTo(bare), limit: 1.35, direction: 'at-most', details },
    { name: 'verify-cpu-vs-express-jsonwebtoken', value: ratioTo(express), limit: 0.25, direction: 'at-most', details },
  ];
}
