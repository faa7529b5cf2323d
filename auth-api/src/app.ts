import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ServeConfig } from './config.ts';
import { createExpressApp } from './http/express-app.ts';
import { createFailureLog } from './http/failure-log.ts';
import { createHotPath } from './http/hot-path.ts';
import { createOAuthEndpoints } from './http/oauth.ts';
import { createOpsListener } from './http/ops.ts';
import { createRequestLog } from './http/request-log.ts';
import type { ApiPorts } from './http/route.ts';
import { routes } from './http/routes/all.ts';
import { DrainableServer, type RequestListener } from './http/server.ts';
import { leaveChecksUntraced } from './http/untraced-checks.ts';
import type { Metrics } from './observability/metrics.ts';
import { isOperationsToken } from './security/operations-token.ts';

export interface AppOptions {
  readonly config: Pick<
    ServeConfig,
    'httpPort' | 'opsPort' | 'trustedProxies' | 'shutdownGraceSeconds' | 'logSampleRates' | 'isTraced'
  >;
  readonly ports: ApiPorts;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** The server's key of this moment. */
  readonly derivationKey: () => Buffer;
}

export interface App {
  /** Resolves when all requests have been answered and both listeners are closed. */
  shutDown(): Promise<void>;
}

/** How long endpoints and proxies may take to notice that this pod leaves. */
const longestNoticeMs = 5_000;

/** Opens both listeners. Rejects where a port is taken. */
export async function startApp({ config, ports, metrics, log, derivationKey }: AppOptions): Promise<App> {
  let isReady = true;
  const { requests, verify } = config.logSampleRates;
  const nowMs = () => performance.now();
  const sampled = (sampleRate: number) => createRequestLog({ log, sampleRate, random: Math.random, nowMs });
  const common = { ports, metrics, failureLog: createFailureLog({ log, nowMs }), requestLog: sampled(requests) };
  const hotPath = createHotPath({ ...common, requestLog: sampled(verify) });
  const oauth = createOAuthEndpoints({ ...common, trustedProxies: config.trustedProxies });
  const expressApp = createExpressApp({ ...common, routes, trustedProxies: config.trustedProxies });
  const listener: RequestListener = (request, response) => {
    if (!hotPath(request, response) && !oauth(request, response)) expressApp(request, response);
  };
  const prepare = config.isTraced ? (server: Server) => leaveChecksUntraced(server, Math.random) : undefined;
  const api = new DrainableServer(listener, { prepare });
  const ops = new DrainableServer(
    createOpsListener({
      registry: metrics.registry,
      isReady: () => isReady,
      standBy: () => api.standBy(),
      isOperator: ({ headers }) => isOperationsToken(headers.authorization, derivationKey()),
    }),
  );
  const [httpPort, opsPort] = await Promise.all([api.listen(config.httpPort), ops.listen(config.opsPort)]);
  log.info({ http_port: httpPort, ops_port: opsPort }, 'listening');
  return {
    shutDown: async () => {
      isReady = false;
      api.startDraining();
      const graceMs = config.shutdownGraceSeconds * 1000;
      const noticeMs = Math.min(longestNoticeMs, graceMs / 4);
      log.info({ notice_ms: noticeMs }, 'shutting down');
      await delay(noticeMs);
      await api.close(graceMs - noticeMs);
      await ops.close(1_000);
    },
  };
}
