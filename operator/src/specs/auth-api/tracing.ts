import type { AuthCluster } from '../../api/authcluster.ts';
import { type EnvironmentEntry, variable } from '../pods.ts';

/** OpenTelemetry's own variables, which the auth API's SDK reads. */
export function tracingVariables({ spec: { api } }: AuthCluster): EnvironmentEntry[] {
  const { tracing } = api;
  if (tracing === undefined) return [];
  const { endpoint, samplingRatio, headersSecret } = tracing;
  return [
    variable('OTEL_EXPORTER_OTLP_ENDPOINT', endpoint),
    variable('OTEL_TRACES_SAMPLER', 'parentbased_traceidratio'),
    variable('OTEL_TRACES_SAMPLER_ARG', samplingRatio),
    ...(headersSecret === undefined
      ? []
      : [
          {
            name: 'OTEL_EXPORTER_OTLP_HEADERS',
            // Want of it costs traces, not log-ins.
            valueFrom: { secretKeyRef: { name: headersSecret.name, key: headersSecret.key, optional: true } },
          },
        ]),
  ];
}
