import { afterEach, describe, expect, test } from '@jest/globals';
import { ApiError } from '../kubernetes/errors.ts';
import type { LiveObject } from '../kubernetes/objects.ts';
import { OperatorHarness } from '../testing/operator-harness.ts';

const ROTATE = 'authcluster.dev/rotate-signing-key';
const HOUR_MS = 3_600_000;
let harness: OperatorHarness;
afterEach(() => harness.stop());

async function settled(spec: object = {}): Promise<void> {
  harness = new OperatorHarness(spec);
  await harness.start();
  await harness.untilQuiet();
  harness.randomByte = 8;
}

const statuses = () => harness.keySet().keys.map(({ status }) => status);
const stage = () => harness.status()?.signingKeys?.stage;

function putKeySet(text: string): void {
  const secret = harness.server.find('secrets', 'acme-signing-keys') as LiveObject & { data: object };
  const data = { ...secret.data, 'keyset.json': Buffer.from(text).toString('base64') };
  harness.server.put({ ...secret, data } as LiveObject, 'secrets');
}

describe('a rotation of the signing keys', () => {
  test('goes through its stages, tells each, and leaves one key', async () => {
    await settled();
    const before = harness.status()?.signingKeys;
    expect(before).toMatchObject({ stage: 'Settled', active: harness.keySet().keys[0]?.kid });
    harness.annotate({ [ROTATE]: 'today' });
    await harness.untilQuiet();
    expect([stage(), statuses()]).toEqual(['Distributing', ['active', 'pending']]);
    harness.clock.advance(HOUR_MS);
    await harness.untilQuiet();
    expect([stage(), statuses()]).toEqual(['Retiring', ['retired', 'active']]);
    harness.clock.advance(HOUR_MS);
    await harness.untilQuiet();
    expect([stage(), statuses()]).toEqual(['Settled', ['active']]);
    expect(harness.status()?.signingKeys?.active).not.toBe(before?.active);
    const reasons = harness.events.map(({ reason }) => reason).filter((reason) => reason.startsWith('SigningKeys'));
    expect(reasons).toEqual(
      expect.arrayContaining(['SigningKeysDistributing', 'SigningKeysRetiring', 'SigningKeysSettled']),
    );
    harness.clock.advance(HOUR_MS);
    await harness.untilQuiet();
    expect(stage()).toBe('Settled');
  });

  test('comes by itself after as many days as the spec says', async () => {
    await settled({ api: { tokens: { keyRotationDays: 30 } } });
    harness.clock.advance(29 * 24 * HOUR_MS);
    await harness.untilQuiet();
    expect(stage()).toBe('Settled');
    harness.clock.advance(24 * HOUR_MS);
    await harness.untilQuiet();
    expect(stage()).toBe('Distributing');
  });

  test('waits for a pod that has not read the new key, and says so', async () => {
    await settled();
    const [old = { kid: '' }] = harness.keySet().keys;
    harness.podKeys = () => [new Map([[old.kid, 'active']])];
    harness.annotate({ [ROTATE]: '1' });
    await harness.untilQuiet();
    harness.clock.advance(24 * HOUR_MS);
    await harness.untilQuiet();
    expect([stage(), statuses()]).toEqual(['Publishing', ['active', 'pending']]);
    expect(harness.status()?.signingKeys?.message).toContain('0 of 1 pods have read it');
  });

  test('rests while the AuthCluster sleeps or is paused', async () => {
    await settled();
    for (const asleep of [{ hibernated: true }, { paused: true }]) {
      harness.change(asleep);
      harness.annotate({ [ROTATE]: '1' });
      await harness.untilQuiet();
      expect([stage(), statuses()]).toEqual(['Settled', ['active']]);
    }
  });

  test('writes over nothing that somebody else wrote meanwhile', async () => {
    await settled();
    harness.annotate({ [ROTATE]: '1' });
    const theirs = JSON.stringify({ keys: harness.keySet().keys, note: 'theirs' });
    let done = false;
    harness.server.intercept = ({ method, path }) => {
      if (done || method !== 'PATCH' || !path.endsWith('/secrets/acme-signing-keys')) return;
      done = true;
      putKeySet(theirs);
    };
    await harness.pass();
    expect(harness.keySet()).toEqual(JSON.parse(theirs));
    await harness.untilQuiet();
    expect(harness.keySet()).toMatchObject({ note: 'theirs', rotation: '1' });
    expect(statuses()).toEqual(['active', 'pending']);
  });

  test('says what is wrong with a key set, and nothing of it; the rest goes on', async () => {
    await settled();
    putKeySet('{"keys":[{"kid":"a","d":"hidden","status":"on","created_at":"2026-01-01T00:00:00Z"}]}');
    await expect(harness.pass()).rejects.toThrow(
      'keyset.json of Secret acme-signing-keys is no key set: keys.0.status',
    );
    const degraded = harness.status()?.conditions?.find(({ type }) => type === 'Degraded');
    expect(degraded).toMatchObject({ status: 'True', reason: 'SigningKeysMalformed' });
    expect(JSON.stringify(harness.status())).not.toContain('hidden');
    expect(harness.condition('ApiReady')).toBe('True');
  });
});

test('a rotation in which each call fails in turn, and the operator is restarted, ends as any other', async () => {
  for (let failing = 1, calls = Number.POSITIVE_INFINITY; failing <= calls; failing += 1) {
    await settled();
    let count = 0;
    harness.server.afterwards = (request) => {
      if (!request.path.includes('/secrets/acme-signing-keys')) return;
      count += 1;
      if (count === failing) throw new ApiError(request, 500, '{}');
    };
    harness.annotate({ [ROTATE]: '1' });
    for (let hours = 0; hours < 3; hours += 1) {
      harness.restart();
      await harness.untilQuiet();
      harness.clock.advance(HOUR_MS);
    }
    expect([failing, statuses(), harness.keySet().rotation]).toEqual([failing, ['active'], '1']);
    harness.stop();
    calls = count;
  }
}, 120_000);
