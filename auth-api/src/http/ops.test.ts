import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { isOperationsToken, operationsToken } from '../security/operations-token.ts';
import { createOpsListener } from './ops.ts';
import { DrainableServer } from './server.ts';

const derivationKey = Buffer.alloc(32, 7);
let ops: DrainableServer;
let url: string;
let orders: number;

beforeEach(async () => {
  orders = 0;
  const listener = createOpsListener({
    registry: new Registry(),
    isReady: () => true,
    standBy: () => {
      orders += 1;
    },
    isOperator: ({ headers }) => isOperationsToken(headers.authorization, derivationKey),
  });
  ops = new DrainableServer(listener);
  url = `http://127.0.0.1:${await ops.listen(0)}/stand-by`;
});

afterEach(() => ops.close(100));

async function order(method: string, authorization?: string): Promise<number> {
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  return (await fetch(url, { method, headers })).status;
}

describe('the order to stand by', () => {
  test('is taken from the operator', async () => {
    expect(await order('POST', `Bearer ${operationsToken(derivationKey)}`)).toBe(204);
    expect(orders).toBe(1);
  });

  test.each([
    ['nobody', undefined],
    ['another key', `Bearer ${operationsToken(Buffer.alloc(32, 8))}`],
    ['the token alone', operationsToken(derivationKey)],
  ])('is not taken from %s', async (_who, authorization) => {
    expect(await order('POST', authorization)).toBe(401);
    expect(orders).toBe(0);
  });

  test('is none when it is only looked at', async () => {
    expect(await order('GET', `Bearer ${operationsToken(derivationKey)}`)).toBe(405);
    expect(orders).toBe(0);
  });
});

test('the token is what the operator derives from the same key', () => {
  // operator/src/specs/secrets/credentials.test.ts holds the same.
  expect(operationsToken(derivationKey)).toBe('G0SHIj7cryADkQ0KaREaw5gjw6UrHQa8WTJdCH9-EEc');
});
