import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jwksRoute } from '../auth-api/src/http/routes/keys.ts';
import { Ed25519AccessTokens } from '../auth-api/src/security/access-token.ts';
import { KeyDirectory } from '../auth-api/src/security/key-directory.ts';
import { activeKey, decideRotation, stageOf } from '../operator/src/signing-keys/rotation.ts';
import { type KeySet, signingKey } from '../operator/src/specs/secrets/signing-keys.ts';

/**
 * The operator's rotation of the keys, and the auth API's reading of them, against each other: pods get the files late
 * and at different times, verifiers use key sets that were cached three times over, and no token is ever refused.
 */
const STEP_SECONDS = 30;
const STEPS = 120;
const TOKEN_SECONDS = 300;
/** In each of a CDN, the gateway and the verifier. */
const CACHE_SECONDS = await maxAgeOfKeySet();
const CACHES = 3;
const CACHE_STEPS = CACHE_SECONDS / STEP_SECONDS;
const START_MS = Date.parse('2026-03-01T00:00:00Z');

async function maxAgeOfKeySet(): Promise<number> {
  const ports = { jwks: () => ({ keys: [] }) } as unknown as Parameters<typeof jwksRoute.handle>[2];
  const { headers } = await jwksRoute.handle({} as Parameters<typeof jwksRoute.handle>[0], undefined, ports);
  const [, seconds] = /max-age=(\d+)/.exec(headers?.['cache-control'] ?? '') ?? [];
  return Number(seconds);
}

const issuer = 'https://auth.example.com';
const isOld = (since: number, now: number, seconds: number) => now - since >= seconds;

/** A pod: what is mounted, and what it has read of that. */
class SimulatedPod {
  readonly #root = mkdtempSync(join(tmpdir(), 'rotation-'));
  #keys: KeyDirectory;
  readonly tokens: Ed25519AccessTokens;

  constructor(text: string) {
    writeFileSync(join(this.#root, 'derivation.key'), randomBytes(32).toString('base64'));
    this.#keys = this.mount(text);
    this.tokens = new Ed25519AccessTokens({ issuer, audience: issuer, keys: () => this.#keys.signing() });
  }

  mount(text: string): KeyDirectory {
    writeFileSync(join(this.#root, 'keyset.json'), text);
    const ignore = () => undefined;
    const options = { directory: this.#root, reloadIntervalMs: 1000, onReload: ignore, onReloadError: ignore };
    this.#keys = new KeyDirectory(options);
    return this.#keys;
  }

  published(): readonly string[] {
    return this.#keys.signing().jwks.keys.map(({ kid }) => kid);
  }

  states(): Map<string, string> {
    return new Map(this.#keys.signing().states.map(({ kid, status }) => [kid, status]));
  }

  remove(): void {
    rmSync(this.#root, { recursive: true });
  }
}

/** A cache of the key set before another one: what it holds, and since when. */
class SimulatedCache {
  #held: readonly string[];
  #since: number;
  readonly #source: () => readonly string[];

  /** `age` of what it holds at the beginning. */
  constructor(source: () => readonly string[], age: number) {
    this.#since = -age;
    this.#source = source;
    this.#held = source();
  }

  get(now: number): readonly string[] {
    if (isOld(this.#since, now, CACHE_SECONDS)) [this.#held, this.#since] = [this.#source(), now];
    return this.#held;
  }
}

function kidOf(token: string): string {
  const [header = ''] = token.split('.');
  return JSON.parse(Buffer.from(header, 'base64url').toString('utf8')).kid;
}

interface Run {
  refused: string[];
  stages: Set<string>;
  keys: KeySet;
  first: string;
}

interface Weather {
  /** Pod `n` reads a new key set after `delays[n]` steps. */
  delays: readonly number[];
  /** Of what each of the caches before a verifier holds at the beginning, in steps. */
  ages: readonly number[];
}

function rotate({ delays, ages }: Weather): Run {
  let keySet: KeySet = { keys: [signingKey(randomBytes, new Date(START_MS), 'active')] };
  const first = activeKey(keySet).kid;
  const pods = delays.map(() => new SimulatedPod(JSON.stringify(keySet)));
  const mounts: { at: number; pod: SimulatedPod; text: string }[] = [];
  let now = 0;
  const caches: SimulatedCache[] = [];
  const verifiers = pods.map((pod) =>
    ages.reduce<() => readonly string[]>(
      (source, age) => {
        const cache = new SimulatedCache(source, age * STEP_SECONDS);
        caches.push(cache);
        return () => cache.get(now);
      },
      () => pod.published(),
    ),
  );
  const run: Run = { refused: [], stages: new Set(), keys: keySet, first };
  let tokens: { token: string; expires: number }[] = [];
  for (let step = 0; step < STEPS; step += 1) {
    now = step * STEP_SECONDS;
    for (const { pod, text } of mounts.filter(({ at }) => at === step)) pod.mount(text);
    // Others ask each of them, too: it holds what it has for as long as it may.
    for (const cache of caches) cache.get(now);
    const seen = { nowMs: START_MS + now * 1000, asked: 'now', rotationDays: undefined };
    const { next } = decideRotation(
      { keySet, ...seen, accessLifetimeSeconds: TOKEN_SECONDS, pods: pods.map((pod) => pod.states()) },
      () => signingKey(randomBytes, new Date(seen.nowMs), 'pending'),
    );
    if (next !== undefined) {
      keySet = next;
      const text = JSON.stringify(next);
      mounts.push(...pods.map((pod, index) => ({ at: step + 1 + (delays[index] ?? 0), pod, text })));
    }
    run.stages.add(stageOf(keySet));
    const expires = now + TOKEN_SECONDS;
    const claims = {
      userId: 'u',
      sessionId: 's',
      roles: [],
      authenticatedAtSeconds: now,
      hasSecondFactor: false,
      tokenId: 't',
      issuedAtSeconds: now,
      expiresAtSeconds: expires,
    };
    tokens = tokens.filter((each) => each.expires > now);
    tokens.push(...pods.map((pod) => ({ token: pod.tokens.sign(claims), expires })));
    for (const { token } of tokens) {
      if (pods.some((pod) => pod.tokens.verify(token, now) === undefined)) run.refused.push(`a pod at ${now} s`);
      if (!verifiers.every((known) => known().includes(kidOf(token)))) run.refused.push(`a verifier at ${now} s`);
    }
  }
  for (const pod of pods) pod.remove();
  return { ...run, keys: keySet };
}

describe('a rotation of the signing keys', () => {
  test('refuses no token, however late pods and verifiers learn of it', () => {
    const weather = fc.record({
      delays: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 }),
      ages: fc.array(fc.integer({ min: 0, max: CACHE_STEPS - 1 }), { minLength: CACHES, maxLength: CACHES }),
    });
    fc.assert(
      fc.property(weather, (each) => {
        const { refused, stages, keys, first } = rotate(each);
        expect(refused).toEqual([]);
        expect([...stages]).toEqual(expect.arrayContaining(['Publishing', 'Distributing', 'Activating', 'Retiring']));
        expect(keys.keys).toHaveLength(1);
        expect(activeKey(keys).kid).not.toBe(first);
      }),
      // The last cache was filled just before the one before it, and so on: what is oldest comes last.
      { numRuns: 6, examples: [[{ delays: [0, 5], ages: [2, 1, 0] }], [{ delays: [0, 5], ages: [0, 1, 2] }]] },
    );
  }, 120_000);
});
