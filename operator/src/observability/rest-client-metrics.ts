import { Counter, type Registry } from 'prom-client';
import type { AnswerObserver } from '../kubernetes/transport.ts';

const NO_ANSWER = '<error>';
const METHODS = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'];

/** As client-go counts them: `code` is that of the answer, `<error>` without one. */
export function restClientMetrics(registry: Registry): (host: string) => AnswerObserver {
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the API server',
    labelNames: ['code', 'method', 'host'],
    registers: [registry],
  });
  return (host) => {
    for (const method of METHODS) for (const code of ['200', NO_ANSWER]) requests.inc({ code, method, host }, 0);
    return (method, status) => requests.inc({ code: status === undefined ? NO_ANSWER : String(status), method, host });
  };
}
