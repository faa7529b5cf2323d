import { ApiProcess } from '../integration/harness/api-process.ts';
import { Client } from '../integration/harness/client.ts';
import { connect } from '../integration/harness/postgres.ts';
import { type Stack, serveEnvironment } from '../integration/harness/stack.ts';
import { AuditBuffer } from '../src/audit/audit-buffer.ts';
import { PendingAuditEvent } from '../src/domain/audit.ts';
import { insertAuditEvents } from '../src/storage/postgres/audit-events.ts';
import { openSessions, password, seedAccounts } from './accounts.ts';
import { type Bar, median } from './bars.ts';
import { metricSum } from './metric-values.ts';

const logins = 60;
const events = 10_000;
const batchSize = 200;
const origin = { clientAddress: '192.0.2.7', userAgent: 'Mozilla/5.0 (X11; Linux x86_64)', traceId: undefined };

/** What an event costs, this process's share and the server's, against the CPU that a login takes at the default cost. */
export async function measureAudit(stack: Stack): Promise<Bar[]> {
  const loginMs = await loginCpuMs(stack);
  const rounds = [await eventCost(stack), await eventCost(stack), await eventCost(stack)];
  const processMs = median(rounds.map((round) => round.processMs));
  // PostgreSQL's CPU is not more than the time that it takes to answer.
  const serverMs = median(rounds.map((round) => round.serverMs));
  const details = { loginMs, processMs, serverMs };
  const value = (processMs + serverMs) / loginMs;
  return [{ name: 'audit-vs-login-cpu', value, limit: 0.05, direction: 'at-most', details }];
}

async function loginCpuMs(stack: Stack): Promise<number> {
  const accounts = await seedAccounts(stack, { count: 10, cost: 11 });
  const api = await ApiProcess.start({ ...serveEnvironment(stack), HASH_COST: '11' });
  try {
    const client = new Client(api.url);
    await openSessions(client, accounts);
    const cpuSeconds = () => metricSum(api.opsUrl, 'process_cpu_seconds_total', {});
    const before = await cpuSeconds();
    for (let turn = 0; turn < logins; turn += 1) {
      const { status } = await client.login(accounts[turn % accounts.length] ?? { username: '', password });
      if (status !== 200) throw new Error(`a login answered ${status}`);
    }
    return (((await cpuSeconds()) - before) * 1000) / logins;
  } finally {
    await api.stop();
  }
}

/** Milliseconds for one event, from its beginning until it is in the table. */
async function eventCost({ primaryPort }: Stack): Promise<{ processMs: number; serverMs: number }> {
  const database = await connect(primaryPort, 'auth_app');
  let serverMs = 0;
  const write = (batch: Parameters<typeof insertAuditEvents>[1]) =>
    insertAuditEvents(async ({ name, text }, values) => {
      const askedMs = performance.now();
      const { rows } = await database.query({ name, text, values: [...values] });
      serverMs += performance.now() - askedMs;
      return rows;
    }, batch);
  const options = { write, batchSize, maxEvents: events, isRefusal: () => false, onEnd: () => {} };
  const buffer = new AuditBuffer({ ...options, nowMs: () => Date.now() });
  const before = process.cpuUsage();
  try {
    for (let made = 0; made < events; made += 1) {
      const clock = { nowMs: () => Date.now() };
      const event = new PendingAuditEvent({ type: 'login', origin, clock, hashName: (name) => name });
      event.about({ subjectId: '01890a5d-ac96-774b-bcce-b302099a8057', error: 'invalid_password' });
      buffer.note(event.ended('failure'));
    }
    await buffer.flush();
  } finally {
    await database.end();
  }
  const { user, system } = process.cpuUsage(before);
  return { processMs: (user + system) / 1000 / events, serverMs: serverMs / events };
}
