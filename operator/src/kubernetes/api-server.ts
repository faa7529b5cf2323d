import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';

/** Where the API server is and how to be let in. */
export interface ApiServer {
  url: URL;
  /** Certificates and headers for one request; asked for each time, because tokens are renewed. */
  credentials(): Promise<RequestOptions>;
}

export interface PodAccess {
  /** KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, which every pod has. */
  host: string;
  port: number;
  now: () => number;
  /** Default /var/run/secrets/kubernetes.io/serviceaccount. */
  directory?: string;
}

/** The kubelet renews a token long before it ends; client-go looks once a minute too. */
const REREAD_AFTER_MS = 60_000;

/** The API server as a pod sees it, with the pod's service account. */
export function podApiServer({ host, port, now, directory }: PodAccess): ApiServer {
  const mount = directory ?? '/var/run/secrets/kubernetes.io/serviceaccount';
  let read: { atMs: number; options: RequestOptions } | undefined;
  return {
    url: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    credentials: async () => {
      if (read === undefined || now() - read.atMs > REREAD_AFTER_MS) {
        const token = readFileSync(`${mount}/token`, 'utf8').trim();
        const options = { ca: readFileSync(`${mount}/ca.crt`), headers: { authorization: `Bearer ${token}` } };
        read = { atMs: now(), options };
      }
      return read.options;
    },
  };
}
