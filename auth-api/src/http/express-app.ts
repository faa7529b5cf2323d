import type { BlockList } from 'node:net';
import express, { type Express, type RequestHandler } from 'express';
import type { Metrics } from '../observability/metrics.ts';
import { clientLeft } from '../observability/operation-statistics.ts';
import { recordedTraceId } from '../observability/trace-context.ts';
import { crossOrigin } from './cross-origin.ts';
import type { FailureLog } from './failure-log.ts';
import { openApiDocument } from './openapi.ts';
import { problem } from './problem.ts';
import { publicDocument } from './public-document.ts';
import type { RequestLog } from './request-log.ts';
import type { ApiPorts, Route } from './route.ts';
import { serve } from './route-handlers.ts';
import { handleError, send } from './sending.ts';

export interface ExpressAppOptions {
  readonly routes: readonly Route[];
  readonly ports: ApiPorts;
  readonly metrics: Metrics;
  readonly failureLog: FailureLog;
  readonly requestLog: RequestLog;
  readonly trustedProxies: BlockList;
}

/** Everything but the hot path. */
export function createExpressApp(options: ExpressAppOptions): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  for (const { description } of options.routes) options.metrics.answers(description.operation);
  app.use(observe(options));
  const { browserOrigins } = options.ports;
  if (browserOrigins.size > 0) app.use(crossOrigin(browserOrigins));
  for (const route of options.routes) app[route.description.method](expressPath(route), ...serve(route, options));
  const document = publicDocument(openApiDocument(options.routes));
  app.get('/openapi.json', (_, response) => send(response, document));
  for (const [path, allowed] of methodsByPath(options.routes)) {
    app.all(path, (_, response) => send(response, problem('method_not_allowed', { headers: { allow: allowed } })));
  }
  app.use((_, response) => send(response, problem('not_found')));
  app.use(handleError(options.failureLog));
  return app;
}

function expressPath({ description: { path } }: Route): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

function observe({ metrics, requestLog }: ExpressAppOptions): RequestHandler {
  return (request, response, next) => {
    const startedMs = performance.now();
    response.once('close', () => {
      const durationMs = performance.now() - startedMs;
      const operation: string = response.locals.operation ?? 'unknown';
      const { headersSent, writableFinished } = response;
      // What nobody has set is 200.
      const status = headersSent ? response.statusCode : clientLeft;
      metrics.answers(operation)(status, durationMs / 1000, recordedTraceId());
      requestLog({ operation, method: request.method, status, durationMs, isAbandoned: !writableFinished });
    });
    next();
  };
}

function methodsByPath(routes: readonly Route[]): Map<string, string> {
  const methods = new Map<string, string>();
  for (const route of routes) {
    const path = expressPath(route);
    const known = methods.get(path);
    const method = route.description.method.toUpperCase();
    methods.set(path, known === undefined ? method : `${known}, ${method}`);
  }
  return methods;
}
