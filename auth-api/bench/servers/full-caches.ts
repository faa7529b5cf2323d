// Fills the caches of a pod as far as they go, and tells its memory before and after.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { localCacheDefaults } from '../../src/cache/cache-types.ts';
import { Freshness } from '../../src/cache/freshness.ts';
import type { SessionState } from '../../src/cache/live-sessions.ts';
import { LocalCache } from '../../src/cache/local-cache.ts';
import type { AccessClaims } from '../../src/domain/ports/tokens.ts';
import type { UserBasics } from '../../src/domain/ports/users.ts';
import { uuidV7 } from '../../src/domain/uuid.ts';
import { VerifiedTokens } from '../../src/security/verified-tokens.ts';

const nowMs = () => Date.now();
/** Of an access token with two roles, about, before it is text. */
const tokenBytes = 440;
const freshness = new Freshness(nowMs);
freshness.trustUntil(Number.POSITIVE_INFINITY);

function cacheOf<T>(type: keyof typeof localCacheDefaults): LocalCache<T> {
  return new LocalCache<T>({ type, ...localCacheDefaults[type], freshness, nowMs, random: Math.random });
}

/** As it comes from a driver: no two values share a string. */
function copyOf<T extends object>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

async function fill() {
  const sessions = cacheOf<SessionState>('session');
  const users = cacheOf<UserBasics>('user_basic');
  const claims = new Map<string, AccessClaims>();
  const signatures = {
    sign: () => '',
    verify: (token: string) => claims.get(token),
  };
  const tokens = new VerifiedTokens(signatures, localCacheDefaults.session.maxEntries);
  for (let n = 0; n < localCacheDefaults.session.maxEntries; n += 1) {
    const sessionId = uuidV7(nowMs());
    await sessions.read(sessionId, async () => copyOf({ expiresAtMs: nowMs() + 1e9 + n }));
    const token = randomBytes(tokenBytes).toString('base64url');
    claims.set(token, copyOf(claimsOf(sessionId)));
    tokens.verify(token, 0);
    claims.delete(token);
  }
  for (let n = 0; n < localCacheDefaults.user_basic.maxEntries; n += 1) {
    const user = userOf(n);
    await users.read(user.id, async () => user);
  }
  return { sessions, users, tokens };
}

function claimsOf(sessionId: string): AccessClaims {
  const roles = ['reader', 'writer'];
  const [userId, tokenId] = [uuidV7(nowMs()), uuidV7(nowMs())];
  const shown = { authenticatedAtSeconds: 1_700_000_000, hasSecondFactor: false };
  return {
    userId,
    sessionId,
    roles,
    ...shown,
    tokenId,
    issuedAtSeconds: 1_700_000_000,
    expiresAtSeconds: 1_700_000_300,
  };
}

function userOf(n: number): UserBasics {
  const texts = { username: `user-${n}`, email: `user-${n}@example.com`, displayName: `User number ${n}` };
  return {
    id: uuidV7(nowMs()),
    ...copyOf(texts),
    isEmailVerified: true,
    locale: null,
    version: n,
    createdAt: new Date(),
    updatedAt: new Date(),
  };
}

function usedBytes(): number {
  for (let round = 0; round < 3; round += 1) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const before = usedBytes();
const caches = await fill();
const after = usedBytes();
const entries = caches.sessions.size + caches.users.size;

const server = createServer((_, response) => void response.end(JSON.stringify({ before, after, entries })));
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
