import http from 'node:http';
import type { Registry } from 'prom-client';

/** A named check: undefined when fine, else what is wrong. */
export type Check = readonly [name: string, problem: () => string | undefined];

export interface OperationsServer {
  close(): Promise<void>;
}

/** GET /metrics in Prometheus's text format. */
export function serveMetrics(port: number, registry: Registry): Promise<OperationsServer> {
  return serve(port, async (path) =>
    path === '/metrics'
      ? { status: 200, type: registry.contentType, body: await registry.metrics() }
      : { status: 404, type: 'text/plain', body: 'not found\n' },
  );
}

/**
 * GET /healthz (restart me if not 200) and /readyz (do not count on me if not 200), with a line per check. What is only
 * noted fails neither.
 */
export function serveHealth(
  port: number,
  { live, ready, noted }: Readonly<Record<'live' | 'ready' | 'noted', readonly Check[]>>,
): Promise<OperationsServer> {
  return serve(port, async (path) => {
    if (path !== '/healthz' && path !== '/readyz') return { status: 404, type: 'text/plain', body: 'not found\n' };
    const results = (path === '/healthz' ? live : ready).map(([name, problem]) => ({ name, problem: problem() }));
    const failed = results.some(({ problem }) => problem !== undefined);
    const lines = results.map(({ name, problem }) =>
      problem === undefined ? `[+] ${name} ok` : `[-] ${name}: ${problem}`,
    );
    for (const [name, problem] of path === '/readyz' ? noted : []) {
      const what = problem();
      if (what !== undefined) lines.push(`[!] ${name}: ${what}`);
    }
    return { status: failed ? 503 : 200, type: 'text/plain', body: `${lines.join('\n')}\n` };
  });
}

interface Answer {
  status: number;
  type: string;
  body: string;
}

async function serve(port: number, answer: (path: string) => Promise<Answer>): Promise<OperationsServer> {
  const server = http.createServer((request, response) => {
    answer(new URL(request.url ?? '/', 'http://localhost').pathname).then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
