import { describe, expect, test } from '@jest/globals';
import { type CredentialSeen, decideCredential, stageOf } from './rotation.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const DAY_MS = 86_400_000;
const keys = ['username', 'password'];
const fresh = () => ({ username: 'app_b', password: 'new' });
const USED = { username: 'app', password: 'old' };

function decide(values: Record<string, string>, over: Partial<CredentialSeen> = {}) {
  const rest = { nowMs: NOW, createdAtMs: NOW, asked: undefined, rotationDays: undefined, waitsFor: undefined };
  return decideCredential({ values, keys, overlaps: true, ...rest, ...over }, fresh);
}

/** What the Secret holds after the change. */
function after(values: Record<string, string>, over: Partial<CredentialSeen> = {}): Record<string, string> {
  const entries = Object.entries({ ...values, ...decide(values, over).change });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null));
}

describe('a rotation begins', () => {
  test('when it is asked for, once for each time', () => {
    const begun = { ...USED, 'next-username': 'app_b', 'next-password': 'new', rotation: '1' };
    expect(after(USED, { asked: '1' })).toEqual(begun);
    expect(decide({ ...USED, rotation: '1' }, { asked: '1' })).toEqual({});
    expect(decide({ ...USED, rotation: '1' })).toEqual({});
    expect(after({ ...USED, rotation: '1' }, { asked: '2' })).toEqual({ ...begun, rotation: '2' });
  });

  test('when the credential is as old as it may become, since it is used', () => {
    const old = { rotationDays: 30, createdAtMs: NOW - 30 * DAY_MS };
    expect(stageOf(after(USED, old))).toBe('Adding');
    expect(decide(USED, { ...old, createdAtMs: NOW - 29 * DAY_MS })).toEqual({});
    expect(decide({ ...USED, 'rotated-at': '2026-02-20T12:00:00Z' }, old)).toEqual({});
  });

  test('once nothing stands in its way any more, and is noted by then', () => {
    expect(decide(USED, { asked: '1', waitsFor: 'pods' })).toEqual({ waitsFor: 'pods' });
    expect(decide(USED, { waitsFor: 'pods' })).toEqual({});
    expect(stageOf(after(USED, { asked: '1' }))).toBe('Adding');
  });

  test('not while another is under way', () => {
    const moving = { ...USED, 'previous-username': 'app_b', 'previous-password': 'former', rotation: '1' };
    expect(decide(moving, { asked: '2', waitsFor: 'pods' })).toEqual({ waitsFor: 'pods' });
  });
});

describe('a rotation', () => {
  test('has two credentials taken at once, moves users over, and removes the former; each stage waits', () => {
    let values: Record<string, string> = after(USED, { asked: '1' });
    const history = [];
    while (stageOf(values) !== 'Settled') {
      expect(decide(values, { waitsFor: 'somebody' })).toEqual({ waitsFor: 'somebody' });
      history.push(stageOf(values));
      values = after(values, { asked: '1' });
    }
    expect(history).toEqual(['Adding', 'Moving', 'Removing']);
    expect(values).toEqual({
      username: 'app_b',
      password: 'new',
      rotation: '1',
      'rotated-at': '2026-03-01T12:00:00Z',
    });
  });

  test('keeps the former one until its users have moved, and knows it until it is refused', () => {
    const adding = after(USED, { asked: '1' });
    const moving = after(adding);
    expect(moving).toMatchObject({ username: 'app_b', 'previous-username': 'app', 'previous-password': 'old' });
    const removing = after(moving);
    expect(removing).toMatchObject({ username: 'app_b', 'expired-username': 'app', 'expired-password': 'old' });
    expect(removing).not.toHaveProperty('previous-password');
  });

  test('where nobody else uses it ends as soon as the new one is taken', () => {
    const adding = after(USED, { asked: '1', overlaps: false });
    expect(stageOf(after(adding, { overlaps: false }))).toBe('Settled');
  });

  test('invents no value that was not there', () => {
    const adding = after({ password: 'old' }, { asked: '1' });
    expect(after(adding)).not.toHaveProperty('previous-username');
  });
});
