import { request } from 'node:http';
import type { PodAddress, PodDialer } from './dialer.ts';
import type { Pod } from './objects.ts';

export interface PodRequest {
  port: number;
  method: 'GET' | 'POST';
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Default 5 s. */
  timeoutMs?: number;
}

export interface PodAnswer {
  /** 0 stands for no answer. */
  status: number;
  text: string;
}

const TIMEOUT_MS = 5000;

/** Asks one pod by HTTP, over a connection of its own. Never rejects. */
export async function askPod(dialer: PodDialer, pod: PodAddress, asked: PodRequest): Promise<PodAnswer> {
  try {
    const reach = await dialer.reach(pod, asked.port);
    try {
      return await exchange(reach.host, reach.port, asked);
    } finally {
      reach.close();
    }
  } catch {
    return { status: 0, text: '' };
  }
}

function exchange(host: string, port: number, asked: PodRequest) {
  const { method, path, body = '', headers = {}, timeoutMs = TIMEOUT_MS } = asked;
  const { promise, resolve, reject } = Promise.withResolvers<PodAnswer>();
  const about = body === '' ? {} : { 'content-type': 'application/json' };
  const options = {
    host,
    port,
    method,
    path,
    headers: { ...headers, ...about, 'content-length': Buffer.byteLength(body) },
    agent: false as const,
    signal: AbortSignal.timeout(timeoutMs),
  };
  const sent = request(options, (answer) => {
    let text = '';
    answer.setEncoding('utf8');
    answer.on('data', (part: string) => {
      text += part;
    });
    answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    answer.on('error', reject);
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

/** Undefined while the pod has no address. */
export function addressOf({ metadata, status }: Pod): PodAddress | undefined {
  const ip = status?.podIP;
  return ip === undefined ? undefined : { namespace: metadata.namespace, name: metadata.name, ip };
}
