import { expect, test } from '@jest/globals';
import { cacheTypes } from './cache-types.ts';
import { decodeMessage, encodeMessage, type InvalidationMessage, sessionLogout } from './invalidation-events.ts';

const versions = Object.fromEntries(cacheTypes.map((type) => [type, 1])) as Record<(typeof cacheTypes)[number], number>;
const event = { ...sessionLogout(['a']), lsn: 7n, committedAtMs: 1 };
const sent = { kind: 'events', events: [event], versions, lsn: 8n } as const;

test('what is sent is what is heard', () => {
  expect(decodeMessage(encodeMessage(sent))).toEqual(sent);
});

test('of a release that has more types, which is rolled out beside this one, the rest is heard', () => {
  const { kind, targets, ...committed } = event;
  const events = [{ ...committed, kind, targets: [{ type: 'tenant', id: 'a' }, ...targets] }];
  const ofLater = { ...sent, events, versions: { ...versions, tenant: 3 } };
  expect(decodeMessage(encodeMessage(ofLater as InvalidationMessage))).toEqual(sent);
});

test('what says less than it has to, or is of an unknown kind, is none', () => {
  const { session: _, ...fewer } = versions;
  expect(decodeMessage(JSON.stringify({ ...JSON.parse(encodeMessage(sent)), versions: fewer }))).toBeUndefined();
  expect(decodeMessage('{"kind":"tenants"}')).toBeUndefined();
  expect(decodeMessage('{')).toBeUndefined();
});
