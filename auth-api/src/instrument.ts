// Loaded before main.ts (node --import): what is to be traced must be instrumented before it is loaded.
import { register } from 'node:module';

const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint = '', OTEL_SERVICE_NAME: serviceName = 'auth-api' } = process.env;

if (endpoint !== '') {
  // Without it modules that are imported, and not required, are not instrumented. It puts accessors around all exports
  // of each module that it takes: around all of ours, a check takes an eighth more CPU.
  const instrumented = ['http', 'https', 'express', 'pg', 'ioredis'];
  register('@opentelemetry/instrumentation/hook.mjs', import.meta.url, { data: { include: instrumented } });
  const { startTracing } = await import('./observability/tracing.ts');
  const sdk = startTracing(serviceName);
  // The last spans, once there is nothing left to do.
  process.once('beforeExit', () => {
    sdk.shutdown().catch((error: unknown) => process.stderr.write(`the last spans were not sent: ${String(error)}\n`));
  });
}
