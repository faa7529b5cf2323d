import type { IncomingMessage } from 'node:http';
import { ExpressInstrumentation, ExpressLayerType } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { NodeSDK } from '@opentelemetry/sdk-node';

const probes = new Set(['/livez', '/readyz', '/metrics', '/health']);

/**
 * Traces requests, statements and commands, and sends them by OTLP over HTTP. Everything else is told by the variables
 * of OpenTelemetry (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER, ...), which the SDK reads itself. The context of
 * a caller is taken from `traceparent` (W3C).
 */
export function startTracing(serviceName: string): NodeSDK {
  const sdk = new NodeSDK({
    serviceName,
    // Left out, the SDK would send metrics, too, and take them at every request.
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [
      new HttpInstrumentation({
        ignoreIncomingRequestHook: ({ url = '' }) => probes.has(url),
        startIncomingSpanHook: withoutQuery,
      }),
      new ExpressInstrumentation({ ignoreLayersType: [ExpressLayerType.MIDDLEWARE, ExpressLayerType.ROUTER] }),
      // Statements are prepared: their text holds no value. The keys of Redis hold names.
      new PgInstrumentation({ requireParentSpan: true }),
      new IORedisInstrumentation({ requireParentSpan: true, dbStatementSerializer: (command) => command }),
    ],
  });
  sdk.start();
  return sdk;
}

/** A query may hold the beginning of a user name. */
function withoutQuery({ url = '' }: IncomingMessage): Record<string, string> {
  const path = url.split('?', 1)[0] ?? '';
  return { 'http.target': path, 'http.url': path, 'url.path': path, 'url.query': '' };
}
