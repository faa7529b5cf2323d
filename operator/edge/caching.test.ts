import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { removeContainers } from '../../dev/containers/container.ts';
import { eventually } from '../../dev/eventually.ts';
import { Gateway, GatewayFiles } from './harness/gateway.ts';
import { answer, Upstream } from './harness/upstream.ts';

const JWKS = '/.well-known/jwks.json';
const FRESH = 'public, max-age=240, stale-while-revalidate=60, stale-if-error=86400';
const EXPIRED = 'public, max-age=1, stale-while-revalidate=60, stale-if-error=86400';

let gateway: Gateway;
let api: Upstream;

beforeAll(async () => {
  gateway = await Gateway.start('caching', await GatewayFiles.write({}));
  api = await Upstream.listen(gateway.ports.api);
});
beforeEach(() => {
  api.asked.length = 0;
});
afterAll(async () => {
  await removeContainers();
  await api?.close();
});

describe('a public document', () => {
  test('is asked for once, whatever query comes with it, and keeps the headers that a CDN goes by', async () => {
    api.handle = answer(200, '{"keys":[]}', { 'cache-control': FRESH, etag: '"1"' });
    const answers = await Promise.all(['', '?a', '?b'].map((query) => gateway.fetch(`${JWKS}${query}`)));
    expect(api.asked).toHaveLength(1);
    for (const { headers } of answers) {
      expect([headers.get('cache-control'), headers.get('etag')]).toEqual([FRESH, '"1"']);
    }
  });

  test('is not sent again to whom has it', async () => {
    const response = await gateway.fetch(JWKS, { headers: { 'if-none-match': '"1"' } });
    expect(response.status).toBe(304);
    expect(api.asked).toHaveLength(0);
  });

  test('that has expired is served at once, and asked for by its ETag behind that', async () => {
    const path = '/.well-known/openid-configuration';
    api.handle = answer(200, 'first', { 'cache-control': EXPIRED, etag: '"1"' });
    await gateway.fetch(path);
    api.handle = (request, response) =>
      setTimeout(() => answer(200, 'second', { 'cache-control': FRESH })(request, response), 300);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const started = performance.now();
    expect(await (await gateway.fetch(path)).text()).toBe('first');
    expect(performance.now() - started).toBeLessThan(250);
    await eventually(async () => expect(await (await gateway.fetch(path)).text()).toBe('second'));
    expect(api.asked.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"']);
  });

  test('is served as it was while the API fails', async () => {
    api.handle = answer(200, 'kept', { 'cache-control': EXPIRED.replace('stale-while-revalidate=60, ', '') });
    await gateway.fetch('/openapi.json');
    api.handle = answer(503, '{}');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const response = await gateway.fetch('/openapi.json');
    expect([response.status, await response.text()]).toEqual([200, 'kept']);
  });
});

describe('what is not to be stored', () => {
  test('is asked for each time', async () => {
    api.handle = answer(200, '{}', { 'cache-control': 'no-store' });
    for (const path of ['/.well-known/other', '/.well-known/other', '/v1/me', '/v1/me']) await gateway.fetch(path);
    expect(api.asked).toHaveLength(4);
  });

  test('stays out by default, and off the paths of documents whatever the API says', async () => {
    api.handle = answer(200, '{}');
    for (const _ of [1, 2]) await gateway.fetch('/.well-known/silent');
    api.handle = answer(200, '{}', { 'cache-control': FRESH });
    for (const _ of [1, 2]) await gateway.fetch('/v1/me');
    expect(api.asked).toHaveLength(4);
  });
});
