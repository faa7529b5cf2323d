// Sends so many GETs of /verify as fast as they are answered, over 32 connections.
import { randomBytes } from 'node:crypto';
import autocannon from 'autocannon';
import { answerJobs } from '../client-process.ts';

export interface VerifyLoad {
  readonly url: string;
  readonly amount: number;
  readonly tokens: readonly string[];
  /** Where each request is part of a trace, as behind the gateway: the share of those that are recorded. */
  readonly recordedShare?: number;
}

/** How many were answered with 2xx. */
export type VerifyLoadResult = number;

answerJobs<VerifyLoad, VerifyLoadResult>(async ({ url, amount, tokens, recordedShare }) => {
  const result = await autocannon({
    url: `${url}/verify`,
    amount,
    connections: 32,
    // On a busy machine it is the client that waits for its turn.
    timeout: 60,
    requests: tokens.map((token) => requestOf(token, recordedShare)),
  });
  return result['2xx'];
});

function requestOf(token: string, recordedShare: number | undefined): autocannon.Request {
  const headers = { authorization: `Bearer ${token}` };
  if (recordedShare === undefined) return { headers };
  return {
    setupRequest: (request) => ({ ...request, headers: { ...headers, traceparent: traceparent(recordedShare) } }),
  };
}

function traceparent(recordedShare: number): string {
  const flags = Math.random() < recordedShare ? '01' : '00';
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-${flags}`;
}
