// Sends so many GETs of /verify as fast as they are answered, over 32 connections.
import autocannon from 'autocannon';
import { answerJobs } from '../client-process.ts';

export interface VerifyLoad {
  readonly url: string;
  readonly amount: number;
  readonly tokens: readonly string[];
}

/** How many were answered with 2xx. */
export type VerifyLoadResult = number;

answerJobs<VerifyLoad, VerifyLoadResult>(async ({ url, amount, tokens }) => {
  const result = await autocannon({
    url: `${url}/verify`,
    amount,
    connections: 32,
    requests: tokens.map((token) => ({ headers: { authorization: `Bearer ${token}` } })),
  });
  return result['2xx'];
});
