import { z } from 'zod';

/** Where one environment variable says what it must not. The message names the variable and never its value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export interface Config {
  /** Empty: all namespaces. */
  watchNamespaces: readonly string[];
  pod: { name: string; namespace: string };
  images: {
    authApi: string;
    /** By major version. */
    postgres: Readonly<Record<string, string>>;
    pgbouncer: string;
    redis: string;
    gateway: string;
    exporters: string;
  };
  imagePullSecrets: readonly string[];
  metricsPort: number;
  healthPort: number;
  logLevel: LogLevel;
  leaderElection: boolean;
  /** Of the Lease; replicas of one release share it. */
  leaseName: string;
  /** Whether spans are sent, to where OpenTelemetry's own variables say. */
  tracing: boolean;
  /** The API server as a pod of its cluster is told it; undefined on a developer's machine. */
  apiServer: { host: string; port: number } | undefined;
  /** Context of the kubeconfig, instead of its current one. */
  context: string | undefined;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const list = z
  .string()
  .default('')
  .transform((text) => text.split(',').map((part) => part.trim()))
  .transform((parts) => parts.filter((part) => part !== ''));

const dnsLabels = list.pipe(
  z.array(z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be namespace names')),
);
const image = z.string({ error: 'is required: the image to run' }).regex(/^\S+$/, 'must be an image reference');
const port = (standard: string) =>
  z
    .string()
    .default(standard)
    .refine((text) => /^\d+$/.test(text) && Number(text) <= 65_535, 'must be a port number (0 to 65535)')
    .transform(Number);

const images = z
  .string({ error: 'is required: JSON such as {"17":"ghcr.io/authcluster/postgres:17"}' })
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON' });
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string().regex(/^\d+$/, 'must have major versions as keys'), image));

const environment = z.object({
  WATCH_NAMESPACES: dnsLabels,
  POD_NAME: z.string().min(1, 'must not be empty').default('authcluster-operator'),
  POD_NAMESPACE: z.string().min(1, 'must not be empty').default('authcluster-system'),
  AUTH_API_IMAGE: image,
  POSTGRES_IMAGES: images,
  PGBOUNCER_IMAGE: image,
  REDIS_IMAGE: image,
  GATEWAY_IMAGE: image,
  EXPORTERS_IMAGE: image,
  IMAGE_PULL_SECRETS: list,
  METRICS_PORT: port('8080'),
  HEALTH_PORT: port('8081'),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  LEADER_ELECTION: z.enum(['true', 'false'], { error: 'must be true or false' }).default('true'),
  LEASE_NAME: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, 'must be the name of a Lease')
    .default('authcluster-operator'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional(),
  /** Set by the kubelet in every pod. */
  KUBERNETES_SERVICE_HOST: z.string().optional(),
  KUBERNETES_SERVICE_PORT: port('443'),
  KUBE_CONTEXT: z.string().min(1, 'must not be empty').optional(),
});

/** Reads the whole configuration once. Throws ConfigError naming every variable that is missing or malformed. */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const parsed = environment.safeParse(env);
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map(describeIssue).join('; '));
  const values = parsed.data;
  const host = values.KUBE_CONTEXT === undefined ? values.KUBERNETES_SERVICE_HOST : undefined;
  return {
    watchNamespaces: values.WATCH_NAMESPACES,
    pod: { name: values.POD_NAME, namespace: values.POD_NAMESPACE },
    images: {
      authApi: values.AUTH_API_IMAGE,
      postgres: values.POSTGRES_IMAGES,
      pgbouncer: values.PGBOUNCER_IMAGE,
      redis: values.REDIS_IMAGE,
      gateway: values.GATEWAY_IMAGE,
      exporters: values.EXPORTERS_IMAGE,
    },
    imagePullSecrets: values.IMAGE_PULL_SECRETS,
    metricsPort: values.METRICS_PORT,
    healthPort: values.HEALTH_PORT,
    logLevel: values.LOG_LEVEL,
    leaderElection: values.LEADER_ELECTION === 'true',
    leaseName: values.LEASE_NAME,
    tracing: values.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined,
    apiServer: host === undefined ? undefined : { host, port: values.KUBERNETES_SERVICE_PORT },
    context: values.KUBE_CONTEXT,
  };
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const [variable, ...inside] = issue.path.map(String);
  return `${variable}${inside.length > 0 ? ` (at ${inside.join('.')})` : ''} ${issue.message}`;
}
