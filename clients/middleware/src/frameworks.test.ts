import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Running, runExpress, runFastify } from './testing/example-services.ts';
import { type FakeIssuer, fakeIssuer, issuer } from './testing/fake-issuer.ts';

describe.each([
  ['Express', runExpress],
  ['Fastify', runFastify],
])('%s', (_, run) => {
  let service: FakeIssuer;
  let running: Running;
  beforeAll(async () => {
    service = await fakeIssuer();
    running = await run({ issuer, fetch: service.fetch });
  });
  afterAll(() => running?.stop());

  async function get(path: string, token?: string) {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const answer = await fetch(`${running.url}${path}`, { headers });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as unknown };
  }

  test('knows who is there', async () => {
    const answer = await get('/me', await service.token());
    expect(answer).toMatchObject({ status: 200, body: { userId: 'ada', sessionId: 'session', roles: ['reader'] } });
  });

  test('answers who is refused with a problem and a challenge', async () => {
    const { status, headers, body } = await get('/me', 'nonsense');
    expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"']);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body).toMatchObject({ type: 'https://authcluster.dev/problems/unauthenticated', status: 401 });
    expect((await get('/me')).headers.get('www-authenticate')).toBe('Bearer');
  });

  test('lets in nobody in particular where that is allowed', async () => {
    expect(await get('/greeting')).toMatchObject({ status: 200, body: null });
    expect(await get('/greeting', await service.token())).toMatchObject({ status: 200, body: { userId: 'ada' } });
    expect(await get('/greeting', 'nonsense')).toMatchObject({ status: 401 });
  });

  test('asks for roles and permissions', async () => {
    const token = await service.token();
    expect([(await get('/read', token)).status, (await get('/write', token)).status]).toEqual([200, 403]);
    expect((await get('/orders', token)).status).toBe(200);
    service.state.isAway = true;
    const other = await get('/orders', await service.token({ jti: 'another' }));
    service.state.isAway = false;
    expect([other.status, other.headers.get('retry-after')]).toEqual([503, '1']);
  });
});
