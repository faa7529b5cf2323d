import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kubectl } from './kubectl.ts';

/** A way to an AuthCluster's gateway from this machine. */
export interface GatewayAddress {
  /** Such as `http://127.0.0.1:8080`, without a slash at its end. */
  url: string;
  close(): void;
}

/** The address that the local cluster publishes for a gateway of this NodePort; see kind-config.yaml. */
export function publishedAddress(hostPort: number): GatewayAddress {
  return { url: `http://127.0.0.1:${hostPort}`, close: () => {} };
}

/** Forwards a free port of 127.0.0.1 to one of a Service or pod, such as `service/demo-gateway`, until it is closed. */
export function forwardPort(
  kubectl: Kubectl,
  namespace: string,
  to: `${'service' | 'pod'}/${string}`,
  port = 80,
): Promise<GatewayAddress> {
  const args = ['--context', kubectl.context, 'port-forward', '-n', namespace, to, `:${port}`];
  const child = spawn('kubectl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  return new Promise((resolve, reject) => {
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const port = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port !== undefined) resolve({ url: `http://127.0.0.1:${port}`, close: () => child.kill() });
    });
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`kubectl port-forward to ${to} in ${namespace} ended: ${stderr.trim()}`)));
  });
}

/** Resolves once the gateway passes requests on to an API that answers; rejects with the last answer otherwise. */
export async function waitForAnswer(url: string, timeoutSeconds: number): Promise<void> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  while (true) {
    const outcome = await probe(`${url}/health`);
    if (outcome === 'ok') return;
    if (Date.now() > deadline) throw new Error(`${url}/health: ${outcome} for ${timeoutSeconds} s`);
    await sleep(500);
  }
}

async function probe(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(3000) });
    await answer.arrayBuffer();
    return answer.ok ? 'ok' : `status ${answer.status}`;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return cause instanceof Error ? cause.message : String(cause);
  }
}
