import { randomUUID } from 'node:crypto';
import { administratorToken } from '../integration/harness/administrator-token.ts';
import { ApiProcess } from '../integration/harness/api-process.ts';
import { Client } from '../integration/harness/client.ts';
import { basic, postForm } from '../integration/harness/oauth.ts';
import { type Stack, serveEnvironment } from '../integration/harness/stack.ts';
import { uuidV7 } from '../src/domain/uuid.ts';
import type { Bar } from './bars.ts';
import { equalTimeBar, shuffled } from './equal-time.ts';

const cases = ['unknown-client', 'wrong-secret', 'disabled'] as const;
type Case = (typeof cases)[number];
const clientsOfEach = 20;
const warmUp = 50;

/** As measureEqualTime, for services that ask for a token: whether a client is registered must not be told by the time. */
export async function measureClientEqualTime(stack: Stack, attempts = 1000): Promise<Bar[]> {
  const environment = { ...serveEnvironment(stack), CLIENT_FAILURE_RATE: '1000000/60' };
  const api = await ApiProcess.start(environment);
  try {
    const client = new Client(api.url);
    const token = await administratorToken(client);
    const credentials: Record<Case, string[]> = {
      'unknown-client': Array.from({ length: clientsOfEach }, () => basic(uuidV7(Date.now()), 'a wrong secret')),
      'wrong-secret': await register(client, token, false),
      disabled: await register(client, token, true),
    };
    const durationsMs: Record<Case, number[]> = { 'unknown-client': [], 'wrong-secret': [], disabled: [] };
    for (let turn = -warmUp; turn < attempts; turn += 1) {
      for (const name of shuffled(cases)) {
        const ofCase = credentials[name];
        const authorization = ofCase[(turn + warmUp) % ofCase.length] ?? '';
        const startedMs = performance.now();
        const { status } = await postForm(client, '/oauth/token', { grant_type: 'client_credentials' }, authorization);
        const durationMs = performance.now() - startedMs;
        if (status !== 401) throw new Error(`${name} was answered with ${status}`);
        if (turn >= 0) durationsMs[name].push(durationMs);
      }
    }
    return [equalTimeBar('client-refusals-told-apart-auc', durationsMs, attempts)];
  } finally {
    await api.stop();
  }
}

/** Their Authorization headers: with the right secret of those that are disabled, a wrong one of the others. */
async function register(client: Client, token: string, isDisabled: boolean): Promise<string[]> {
  const headers: string[] = [];
  for (let made = 0; made < clientsOfEach; made += 1) {
    const body = { name: `bench ${randomUUID()}` };
    const created = await client.send<Record<string, string>>('POST', '/v1/admin/clients', { token, body });
    const { id = '', client_secret = '' } = created.body;
    if (isDisabled) {
      const ifMatch = { 'if-match': created.headers.get('etag') ?? '' };
      const change = { token, body: { status: 'disabled' }, headers: ifMatch };
      const { status } = await client.send('PATCH', `/v1/admin/clients/${id}`, change);
      if (status >= 300) throw new Error(`a client could not be disabled: ${status}`);
    }
    headers.push(basic(id, isDisabled ? client_secret : 'a wrong secret'));
  }
  return headers;
}
