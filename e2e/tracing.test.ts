import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import type { ReceivedSpan } from '../dev/otlp-spans.ts';
import { AuthClient, loggedInUser, logIn } from './support/auth-client.ts';
import { clusterTest, withDiagnosis } from './support/cluster-test.ts';
import { eventually } from './support/eventually.ts';
import { gatewayClient, SET_UP_TIMEOUT_MS } from './support/gateway-client.ts';
import { COLLECTOR_URL, TraceCollector } from './support/trace-collector.ts';

const client = gatewayClient({ api: { tracing: { endpoint: COLLECTOR_URL, samplingRatio: 1 } } });
let collector: TraceCollector | undefined;
beforeAll(
  () =>
    withDiagnosis(async () => {
      collector = await TraceCollector.start();
    }),
  SET_UP_TIMEOUT_MS,
);
afterAll(() => collector?.stop());

async function spansOfTrace(traceId: string): Promise<ReceivedSpan[]> {
  const spans = (await collector?.spans()) ?? [];
  return spans.filter((span) => span.traceId === traceId);
}

/** What the API sends in its own time: some seconds after the answer, one batch after the other. */
function eventuallySent(assertion: () => Promise<void>): Promise<void> {
  return eventually(assertion, 60);
}

describe('a collector in the cluster', () => {
  clusterTest('gets a login through the gateway as a tree of its client’s trace, down to the statements', async () => {
    const { credentials } = await loggedInUser(client);
    const [traceId, callerId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
    const traceparent = `00-${traceId}-${callerId}-01`;
    const traced = new AuthClient(client.url, (url, init) =>
      fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), traceparent } }),
    );
    await logIn(traced, credentials);
    await eventuallySent(async () => {
      const spans = await spansOfTrace(traceId);
      const named = (name: string) => spans.find((span) => span.name === name);
      const childrenOf = (name: string) =>
        spans.filter(({ parentSpanId }) => parentSpanId !== undefined && parentSpanId === named(name)?.spanId);
      expect(named('POST /v1/login')?.parentSpanId).toBe(callerId);
      expect(childrenOf('authenticate').map(({ name }) => name)).toEqual(
        expect.arrayContaining(['get_user', 'verify_password', 'create_session']),
      );
      expect(named('authenticate')?.attributes.get('auth.outcome')).toBe('loggedIn');
      expect(childrenOf('get_user').map(({ name }) => name)).toContainEqual(expect.stringMatching(/^pg/));
      expect(spans.map(({ attributes }) => attributes.get('db.system.name'))).toContain('redis');
    });
  });

  clusterTest('gets the trace that the gateway begins where a client brings none', async () => {
    const { tokens } = await loggedInUser(client);
    await client.me(tokens.access_token);
    await eventuallySent(async () => {
      const roots = ((await collector?.spans()) ?? []).filter(({ name }) => name === 'GET /v1/me');
      expect(roots).not.toEqual([]);
      for (const { parentSpanId } of roots) expect(parentSpanId).toMatch(/^[0-9a-f]{16}$/);
    });
  });
});
