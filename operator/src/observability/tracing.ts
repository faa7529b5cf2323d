import { NodeSDK } from '@opentelemetry/sdk-node';

/**
 * Sends spans by OTLP over HTTP. Where to, how many and with which headers is told by OpenTelemetry's own variables
 * (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER, ...), which the SDK reads itself.
 */
export function startTracing(): NodeSDK {
  const serviceName = process.env.OTEL_SERVICE_NAME ?? 'authcluster-operator';
  // Metrics are scraped and logs are on standard output: neither is sent.
  const sdk = new NodeSDK({ serviceName, instrumentations: [], metricReaders: [], logRecordProcessors: [] });
  sdk.start();
  return sdk;
}
