import { stringify } from 'yaml';
import { forwardPort } from '../../dev/kubernetes/gateway.ts';
import { type ReceivedSpan, spansOf } from '../../dev/otlp-spans.ts';
import { podsOf } from './bash-pod.ts';
import { kubectl, NAMESPACE } from './cluster.ts';

const NAME = 'collector';
const LABELS = { app: NAME };
const PORT = 4318;

/** What `api.tracing.endpoint` is to be, for a collector beside the AuthCluster. */
export const COLLECTOR_URL = `http://${NAME}:${PORT}`;

/** A pod that takes traces as a collector does, and keeps them as they came. Beside an AuthCluster that is Ready. */
export class TraceCollector {
  readonly #url: string;
  readonly #close: () => void;

  private constructor(url: string, close: () => void) {
    this.#url = url;
    this.#close = close;
  }

  static async start(): Promise<TraceCollector> {
    // The nodes have it already, and it holds Node.js.
    const image = (await podsOf('auth-api'))[0]?.spec.containers[0]?.image ?? '';
    await kubectl.apply([podOf(image), SERVICE].map((object) => stringify(object)).join('---\n'));
    await kubectl.run(['wait', '-n', NAMESPACE, `pod/${NAME}`, '--for=condition=Ready', '--timeout=240s']);
    const { url, close } = await forwardPort(kubectl, NAMESPACE, `pod/${NAME}`, PORT);
    return new TraceCollector(url, close);
  }

  /** Of all that has been sent. */
  async spans(): Promise<ReceivedSpan[]> {
    const bodies = (await (await fetch(this.#url)).json()) as string[];
    return bodies.flatMap((body) => spansOf(Buffer.from(body, 'base64')));
  }

  async stop(): Promise<void> {
    this.#close();
    await kubectl.run(['delete', '-n', NAMESPACE, `pod/${NAME}`, `service/${NAME}`, '--wait=false']);
  }
}

const RECEIVE = `
import { createServer } from 'node:http';
const bodies = [];
createServer(async (request, response) => {
  if (request.method === 'GET') return response.end(JSON.stringify(bodies));
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  bodies.push(Buffer.concat(chunks).toString('base64'));
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
}).listen(${PORT});
`;

const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: NAME, namespace: NAMESPACE },
  spec: { selector: LABELS, ports: [{ port: PORT }] },
};

function podOf(image: string): object {
  const container = {
    name: 'node',
    image,
    command: ['node', '--input-type=module', '-e', RECEIVE],
    ports: [{ containerPort: PORT }],
    readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 },
    resources: { requests: { cpu: '10m', memory: '48Mi' }, limits: { memory: '128Mi' } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: NAME, namespace: NAMESPACE, labels: LABELS },
    spec: {
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [container],
    },
  };
}
