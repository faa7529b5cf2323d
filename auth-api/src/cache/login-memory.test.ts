import { expect, jest, test } from '@jest/globals';
import type { Grants, UserBasics } from '../domain/ports/users.ts';
import { MemorySharedStore } from '../testing/memory-shared-store.ts';
import { Freshness } from './freshness.ts';
import { CachedLiveSessions, type SessionState, sessionStateCodec } from './live-sessions.ts';
import { LocalCache } from './local-cache.ts';
import { LoginMemory } from './login-memory.ts';
import { OwnWrites } from './own-writes.ts';
import { SharedCache } from './shared-cache.ts';
import { CachedUserViews, grantsCodec, userBasicsCodec } from './user-views.ts';

const profile: UserBasics = {
  id: 'ada',
  username: 'Ada',
  email: null,
  displayName: null,
  isEmailVerified: false,
  locale: null,
  version: 1,
  createdAt: new Date(0),
  updatedAt: new Date(0),
};
const opened = {
  state: { expiresAtMs: 1_000 },
  profile,
  grants: { roles: ['reader'], permissions: ['orders.read'] },
};

/** A pod whose every read of PostgreSQL is counted. */
function pod(store: MemorySharedStore) {
  const freshness = new Freshness(() => 0);
  freshness.trustUntil(1);
  const common = { freshness, nowMs: () => 0, random: () => 0, ttlSeconds: 300, maxEntries: 10, store };
  const caches = {
    session: new LocalCache<SessionState>({ ...common, type: 'session' }),
    userBasic: new LocalCache<UserBasics>({ ...common, type: 'user_basic' }),
    sessionData: new SharedCache<SessionState>({ ...common, type: 'session_data', codec: sessionStateCodec }),
    userProfile: new SharedCache<UserBasics>({ ...common, type: 'user_profile', codec: userBasicsCodec }),
    userPermissions: new SharedCache<Grants>({ ...common, type: 'user_permissions', codec: grantsCodec }),
  };
  const query = jest.fn(async () => undefined);
  const open = jest.fn(async () => {});
  const ownWrites = new OwnWrites({
    positions: { open, find: async () => 0n, raise: async () => {}, forget: async () => {} },
    freshness,
    commitPoint: async () => Promise.reject(new Error('nothing is written')),
    onError: () => {},
  });
  const answered: (() => void)[] = [];
  return {
    caches,
    query,
    open,
    answered,
    logins: new LoginMemory({ ...caches, ownWrites, later: (work) => answered.push(work) }),
    sessions: new CachedLiveSessions({
      local: caches.session,
      shared: caches.sessionData,
      findLive: query,
      nowMs: () => 0,
    }),
    views: new CachedUserViews({
      local: caches.userBasic,
      profiles: caches.userProfile,
      permissions: caches.userPermissions,
      reads: { basics: query, grants: query },
      ownWrites,
    }),
  };
}

const flush = () => new Promise((resolve) => setImmediate(resolve));

test('the first requests of a session find it, its profile and its grants on any pod, without a query', async () => {
  const store = new MemorySharedStore();
  const [one, other] = [pod(store), pod(store)];
  const prepared = one.logins.prepare('s', 'ada');
  await flush();
  prepared.beforeStatement()(opened);
  expect(one.sessions.isLive('s')).toBe(true);
  expect(store.values.size).toBe(0);
  for (const work of one.answered) work();
  await flush();
  for (const { sessions, views, query } of [one, other]) {
    expect(await sessions.isLive('s')).toBe(true);
    expect(await views.profile('ada', undefined)).toEqual({ ...profile, roles: ['reader'] });
    expect(await views.grants('ada', undefined)).toEqual(opened.grants);
    expect(query).not.toHaveBeenCalled();
  }
});

test('a session that ends while it is written is remembered nowhere, and its user is', async () => {
  const store = new MemorySharedStore();
  const { logins, caches, answered } = pod(store);
  const prepared = logins.prepare('s', 'ada');
  await flush();
  const remember = prepared.beforeStatement();
  caches.session.invalidate('s');
  caches.sessionData.invalidate('s');
  remember(opened);
  for (const work of answered) work();
  await flush();
  expect(caches.session.get('s')).toBeUndefined();
  expect([...store.values.keys()].sort()).toEqual(['user_permissions:v0:{ada}', 'user_profile:v0:{ada}']);
});

test('that the session has written nothing is told in the turn in which it is stored, and where it is not stored', async () => {
  const store = new MemorySharedStore();
  const told: string[] = [];
  jest.spyOn(store, 'store').mockImplementation(async ({ type }) => told.push(type) > 0);
  const { logins, open, answered } = pod(store);
  open.mockImplementation(async () => void told.push('open'));
  const prepared = logins.prepare('s', 'ada');
  prepared.beforeStatement()(opened);
  await flush();
  prepared.beforeStatement()(opened);
  expect(told).toEqual([]);
  const [unreserved, reserved] = answered;
  unreserved?.();
  expect(told.splice(0)).toEqual(['open']);
  reserved?.();
  expect(told).toEqual(['session_data', 'open', 'user_profile', 'user_permissions']);
});
