import { afterEach, expect, test } from '@jest/globals';
import { testUser } from '../../scenarios/test-users.ts';
import { ADMINISTRATOR, type FakeAuthApi, seedOptions, startFakeAuthApi } from '../testing/fake-auth-api.ts';
import { administratorOf } from './administrator.ts';
import { deleteUsers, seedUsers } from './seed-users.ts';

let api: FakeAuthApi | undefined;
afterEach(() => api?.close());

test('users are imported once, can log in, and are deleted at a stroke', async () => {
  api = await startFakeAuthApi();
  const options = seedOptions(api, 120);
  expect(await seedUsers(options)).toEqual({ created: 120, alreadyThere: 0 });
  expect(await seedUsers(options)).toEqual({ created: 0, alreadyThere: 120 });
  const { username, password } = testUser(119, 'test');
  const login = { method: 'POST', body: JSON.stringify({ username, password }) };
  expect((await fetch(`${api.url}/v1/login`, login)).status).toBe(200);
  expect(await deleteUsers(options)).toBe(120);
  expect((await fetch(`${api.url}/v1/login`, login)).status).toBe(401);
});

test('whoever deletes for longer than a token lives logs in again', async () => {
  api = await startFakeAuthApi({ accessTokenSeconds: 0 });
  const options = seedOptions(api, 250);
  await seedUsers(options);
  expect(await deleteUsers(options)).toBe(250);
  // One to make them, and one for each page, the empty last one too.
  expect(api.answers.get('POST /v1/login 200')).toBe(1 + 4);
});

test('who is no administrator is refused', async () => {
  api = await startFakeAuthApi();
  const administrator = { ...ADMINISTRATOR, password: 'of somebody else' };
  await expect(seedUsers({ ...seedOptions(api, 1), administrator })).rejects.toThrow('POST /v1/login answered 401');
});

test('an administrator comes from the environment; without one, it is told how to give one', async () => {
  const environment = { LOAD_ADMIN_USERNAME: 'root', LOAD_ADMIN_PASSWORD: 'secret' };
  expect(await administratorOf(undefined, environment)).toEqual({ username: 'root', password: 'secret' });
  await expect(administratorOf(undefined, {})).rejects.toThrow('give LOAD_ADMIN_USERNAME and LOAD_ADMIN_PASSWORD');
});

test('every user has a network of its own, and a seed users and a password of its own', () => {
  const users = Array.from({ length: 70_000 }, (_, index) => testUser(index, 'test'));
  expect(new Set(users.map(({ username }) => username)).size).toBe(users.length);
  expect(new Set(users.map(({ address }) => address)).size).toBe(users.length);
  expect(testUser(65_537, 'test').address).toBe('2001:db8:1:1::1');
  const [one, other] = [testUser(1, 'a'), testUser(1, 'b')];
  expect(one.password.length).toBeGreaterThanOrEqual(15);
  expect(one.password).not.toBe(other.password);
  expect(one.username).not.toBe(other.username);
});
