import { describe, expect, test } from '@jest/globals';
import type { KeySet, SigningKey } from '../specs/secrets/signing-keys.ts';
import { podKeys } from './pod-keys.ts';
import { DISTRIBUTION_SECONDS, decideRotation, type RotationSeen, stageOf } from './rotation.ts';

const NOW = '2026-03-01T12:00:00Z';
const ago = (seconds: number) => new Date(Date.parse(NOW) - seconds * 1000).toISOString();

function key(kid: string, status: SigningKey['status'], times: Partial<SigningKey> = {}): SigningKey {
  return { kid, kty: 'OKP', crv: 'Ed25519', x: 'x', d: 'd', status, created_at: '2026-01-01T00:00:00Z', ...times };
}

const NEW = key('new', 'pending', { created_at: NOW });
const pod = (...keys: [string, string][]) => new Map(keys);

function decide(keys: readonly SigningKey[], seen: Partial<RotationSeen> = {}, rotation?: string) {
  const keySet: KeySet = { keys, ...(rotation === undefined ? {} : { rotation }) };
  const rest = { nowMs: Date.parse(NOW), asked: undefined, rotationDays: undefined, pods: undefined };
  return decideRotation({ keySet, accessLifetimeSeconds: 300, ...rest, ...seen }, () => NEW);
}

/** `kid status` of each key of what is to be written; undefined where nothing is. */
function written(...args: Parameters<typeof decide>): string[] | undefined {
  return decide(...args).next?.keys.map(({ kid, status }) => `${kid} ${status}`);
}

const OLD = key('old', 'active');

describe('a rotation begins', () => {
  test('when it is asked for, once for each time', () => {
    expect(decide([OLD], { asked: '1' }).next).toEqual({ keys: [OLD, NEW], rotation: '1' });
    expect(written([OLD], { asked: '1' }, '1')).toBeUndefined();
    expect(written([OLD], { asked: '2' }, '1')).toEqual(['old active', 'new pending']);
    expect(written([OLD], { asked: undefined }, '1')).toBeUndefined();
  });

  test('when the active key is as old as it may become, since it signs', () => {
    const rotationDays = 59;
    expect(written([OLD], { rotationDays })).toEqual(['old active', 'new pending']);
    expect(written([OLD], { rotationDays: 60 })).toBeUndefined();
    expect(written([{ ...OLD, activated_at: ago(58 * 86_400) }], { rotationDays })).toBeUndefined();
  });

  test('not while another is under way', () => {
    const retired = key('older', 'retired', { retired_at: ago(10) });
    expect(written([OLD, retired], { asked: '2' }, '1')).toBeUndefined();
    expect(written([OLD, key('next', 'pending')], { asked: '2' }, '1')).toBeUndefined();
  });
});

describe('a key that was published', () => {
  const next = key('next', 'pending');

  test.each([
    ['nobody was asked', undefined],
    ['no pod serves', []],
    ['one pod has not read it', [pod(['old', 'active'], ['next', 'pending']), pod(['old', 'active'])]],
  ])('waits while %s', (_, pods) => {
    expect(written([OLD, next], { pods })).toBeUndefined();
  });

  test('is known to be so once every pod has read it', () => {
    const pods = [pod(['old', 'active'], ['next', 'pending']), pod(['next', 'pending'])];
    expect(decide([OLD, next], { pods }).next?.keys).toEqual([OLD, { ...next, published_at: NOW }]);
  });

  test('signs once every verifier knows it, however long that has been so', () => {
    const published = (seconds: number) => [OLD, { ...next, published_at: ago(seconds) }];
    expect(written(published(DISTRIBUTION_SECONDS - 1))).toBeUndefined();
    expect(decide(published(DISTRIBUTION_SECONDS)).next?.keys).toEqual([
      { ...OLD, status: 'retired' },
      { ...next, status: 'active', activated_at: NOW },
    ]);
    expect(written(published(86_400))).toEqual(['old retired', 'next active']);
  });
});

describe('a key that another took the place of', () => {
  const active = key('next', 'active');

  test('is used until every pod has read that', () => {
    const keys = [key('old', 'retired'), active];
    const late = [pod(['next', 'active']), pod(['next', 'pending'], ['old', 'active'])];
    expect(written(keys, { pods: late })).toBeUndefined();
    const pods = [pod(['next', 'active'], ['old', 'retired'])];
    expect(decide(keys, { pods }).next?.keys[0]).toEqual(key('old', 'retired', { retired_at: NOW }));
  });

  test('stays until its last token has expired', () => {
    const retired = (seconds: number) => [key('old', 'retired', { retired_at: ago(seconds) }), active];
    expect(written(retired(300 + 179))).toBeUndefined();
    expect(written(retired(300 + 180))).toEqual(['next active']);
    expect(written(retired(300 + 180), { accessLifetimeSeconds: 3600 })).toBeUndefined();
  });
});

test('what the key set holds says where a rotation is', () => {
  const stages = [
    [OLD],
    [OLD, NEW],
    [OLD, { ...NEW, published_at: NOW }],
    [key('old', 'retired'), key('next', 'active')],
    [key('old', 'retired', { retired_at: NOW }), key('next', 'active')],
  ].map((keys) => stageOf({ keys }));
  expect(stages).toEqual(['Settled', 'Publishing', 'Distributing', 'Activating', 'Retiring']);
});

test('what is not known of a key set is kept', () => {
  const odd = { ...OLD, use: 'sig' } as SigningKey;
  expect(decide([odd], { asked: '1' }).next?.keys[0]).toEqual(odd);
});

test('pods tell their keys among their metrics', () => {
  const text = `# TYPE auth_signing_key_info gauge
auth_signing_key_info{kid="kPrK_q-m",status="active"} 1
auth_signing_key_info{kid="b",status="pending"} 1
auth_duration_seconds_count{operation="verify"} 1
`;
  expect([...podKeys(text)]).toEqual([
    ['kPrK_q-m', 'active'],
    ['b', 'pending'],
  ]);
  expect(podKeys('nothing').size).toBe(0);
});
