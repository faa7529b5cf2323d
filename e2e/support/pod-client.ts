import { stringify } from 'yaml';
import { podsOf } from './bash-pod.ts';
import { kubectl, NAMESPACE } from './cluster.ts';

/** Whom the client of every request claims to be, of a proxy that would believe it. */
export const CLAIMED_ADDRESS = '203.0.113.7';

interface PodClientOptions {
  name: string;
  /** What its resolver has. */
  hosts: { ip: string; hostnames: string[] };
  /** A Secret whose tls.crt it trusts. */
  trust: string;
}

/** A pod from whose address requests are sent, as an application somewhere would: by name, and with the certificate checked. */
export class PodClient {
  readonly name: string;
  readonly address: string;

  private constructor(name: string, address: string) {
    this.name = name;
    this.address = address;
  }

  static async start(options: PodClientOptions): Promise<PodClient> {
    const { name } = options;
    const image = (await podsOf('auth-api'))[0]?.spec.containers[0]?.image ?? '';
    await kubectl.apply(stringify(podOf(options, image)));
    await kubectl.run(['wait', '-n', NAMESPACE, `pod/${name}`, '--for=condition=Ready', '--timeout=240s']);
    const address = await kubectl.run(['get', '-n', NAMESPACE, 'pod', name, '-o', 'jsonpath={.status.podIP}']);
    return new PodClient(name, address);
  }

  /** `fetch`, from the pod, of what requests of these tests have. */
  readonly fetch = async (url: string, { method = 'GET', headers = {}, body }: RequestInit = {}): Promise<Response> => {
    const request = { url, init: { method, headers: { ...headers, 'x-forwarded-for': CLAIMED_ADDRESS }, body } };
    const printed = await this.run(SEND, JSON.stringify(request));
    const answer = JSON.parse(printed) as { status: number; headers: [string, string][]; text: string };
    return new Response(answer.text === '' ? null : answer.text, { status: answer.status, headers: answer.headers });
  };

  /** Runs a program, an ES module, in the pod; resolves with what it prints. */
  run(program: string, input?: string): Promise<string> {
    const command = ['node', '--input-type=module', '-e', program];
    return kubectl.run(['exec', '-i', '-n', NAMESPACE, this.name, '--', ...command], input);
  }
}

const SEND = `
const { url, init } = JSON.parse(await new Response(process.stdin).text());
const answer = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(15000) });
console.log(JSON.stringify({ status: answer.status, headers: [...answer.headers], text: await answer.text() }));
`;

function podOf({ name, hosts, trust }: PodClientOptions, image: string): object {
  const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
  const container = {
    ...{ name: 'node', image, securityContext },
    command: ['node', '-e', 'setInterval(() => {}, 60_000)'],
    env: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/trust/tls.crt' }],
    volumeMounts: [{ name: 'trust', mountPath: '/trust' }],
  };
  const certificate = { secretName: trust, items: [{ key: 'tls.crt', path: 'tls.crt' }] };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
      hostAliases: [hosts],
      containers: [container],
      volumes: [{ name: 'trust', secret: certificate }],
    },
  };
}
