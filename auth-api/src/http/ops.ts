import type { IncomingMessage } from 'node:http';
import type { Registry } from 'prom-client';
import type { RequestListener } from './server.ts';

export interface OpsOptions {
  readonly registry: Registry;
  /** Whether new requests should come here. Never about a dependency that all pods share: they would all leave at once. */
  readonly isReady: () => boolean;
  /** The operator's order to send clients elsewhere, for some seconds. */
  readonly standBy: () => void;
  readonly isOperator: (request: IncomingMessage) => boolean;
}

/** /livez, /readyz and /metrics, for the cluster alone; /stand-by for the operator alone. */
export function createOpsListener({ registry, isReady, standBy, isOperator }: OpsOptions): RequestListener {
  return (request, response) => {
    const answer = (status: number, body: string, contentType = 'text/plain; charset=utf-8') => {
      response.writeHead(status, { 'content-type': contentType }).end(body);
    };
    switch (request.url) {
      case '/livez':
        return answer(200, 'ok\n');
      case '/readyz':
        return isReady() ? answer(200, 'ok\n') : answer(503, 'shutting down\n');
      case '/metrics':
        registry.metrics().then(
          (text) => answer(200, text, registry.contentType),
          () => answer(500, 'the metrics could not be collected\n'),
        );
        return;
      case '/stand-by':
        if (request.method !== 'POST') return answer(405, 'POST it\n');
        if (!isOperator(request)) return answer(401, 'for the operator alone\n');
        standBy();
        response.writeHead(204).end();
        return;
      default:
        return answer(404, 'not found\n');
    }
  };
}
