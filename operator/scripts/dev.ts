/**
 * `npm run dev -w operator`: the operator on this machine against the cluster of the current kubeconfig, with the
 * images that `make images` has written down. Pods are reached through the API server. It takes part in the leader
 * election of an installed operator, so that never two of them act. Set any variable to override.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse } from 'yaml';

const IMAGES = resolve(import.meta.dirname, '../../.make/images.yaml');

interface LocalImages {
  authApi: string;
  postgres: Record<string, string>;
  pgbouncer: string;
  redis: string;
  gateway: string;
  exporters: string;
}

async function localImages(): Promise<Record<string, string>> {
  const text = await readFile(IMAGES, 'utf8').catch(() => undefined);
  if (text === undefined) return {};
  const { images } = parse(text) as { images: LocalImages };
  return {
    AUTH_API_IMAGE: images.authApi,
    POSTGRES_IMAGES: JSON.stringify(images.postgres),
    PGBOUNCER_IMAGE: images.pgbouncer,
    REDIS_IMAGE: images.redis,
    GATEWAY_IMAGE: images.gateway,
    EXPORTERS_IMAGE: images.exporters,
  };
}

const defaults: Record<string, string> = {
  ...(await localImages()),
  METRICS_PORT: '18080',
  HEALTH_PORT: '18081',
};
for (const [name, value] of Object.entries(defaults)) process.env[name] ??= value;
await import('../src/main.ts');
