import { expect, jest, test } from '@jest/globals';
import type { ClientStore } from '../domain/ports/clients.ts';
import { registeredClient } from '../testing/fakes.ts';
import { RememberedClients } from './remembered-clients.ts';

test('a client is asked for once in five seconds, whether or not there is one', async () => {
  let nowMs = 0;
  const find = jest.fn<ClientStore['find']>(async (id) => (id === 'shop' ? registeredClient : undefined));
  const clients = new RememberedClients({ find }, () => nowMs);
  const ask = async () => [(await clients.find('shop'))?.id, await clients.find('nobody')];
  expect(await Promise.all([ask(), ask()])).toEqual([
    [registeredClient.id, undefined],
    [registeredClient.id, undefined],
  ]);
  nowMs = 4_999;
  await ask();
  expect(find).toHaveBeenCalledTimes(2);
  nowMs = 5_000;
  await ask();
  expect(find).toHaveBeenCalledTimes(4);
});

test('that a client could not be asked for is not remembered', async () => {
  const find = jest.fn<ClientStore['find']>();
  find.mockRejectedValueOnce(new Error('gone')).mockResolvedValue(registeredClient);
  const clients = new RememberedClients({ find }, () => 0);
  await expect(clients.find('shop')).rejects.toThrow('gone');
  expect(await clients.find('shop')).toBe(registeredClient);
});
