import { afterEach, expect, test } from '@jest/globals';
import { testUser } from '../../scenarios/test-users.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../testing/fake-auth-api.ts';
import { seedUsers } from './seed-users.ts';

let api: FakeAuthApi | undefined;
afterEach(() => api?.close());

test('users are made once, each from an address of its own', async () => {
  api = await startFakeAuthApi();
  const users = Array.from({ length: 20 }, (_, index) => testUser(index, 'test'));
  const options = { baseUrl: api.url, concurrency: 4 };
  expect(await seedUsers(users, options)).toEqual({ created: 20, alreadyThere: 0 });
  expect(await seedUsers(users, options)).toEqual({ created: 0, alreadyThere: 20 });
  expect(api.addresses.size).toBe(20);
});

test('every user has a network and a password of its own, long enough for the rules of passwords', () => {
  const users = Array.from({ length: 70_000 }, (_, index) => testUser(index, 'test'));
  expect(new Set(users.map(({ password }) => password)).size).toBe(users.length);
  expect(new Set(users.map(({ address }) => address)).size).toBe(users.length);
  expect(Math.min(...users.map(({ password }) => password.length))).toBeGreaterThanOrEqual(15);
  expect(testUser(65_537, 'test').address).toBe('2001:db8:1:1::1');
  expect(testUser(1, 'a').password).not.toBe(testUser(1, 'b').password);
});
