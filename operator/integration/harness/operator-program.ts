import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { freePorts } from '../../../dev/containers/free-ports.ts';
import { SAMPLE_INPUTS } from '../../src/testing/sample-clusters.ts';
import type { ControlPlane } from './control-plane.ts';

const PROGRAM = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** The operator's program, as a developer runs it on their machine: with a kubeconfig. */
export class OperatorProgram {
  readonly metricsPort: number;
  readonly healthPort: number;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  #log = '';

  private constructor(child: ChildProcess, metricsPort: number, healthPort: number) {
    this.#child = child;
    this.metricsPort = metricsPort;
    this.healthPort = healthPort;
    this.ended = once(child, 'exit').then(([code]) => code as number | null);
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (this.#log += text));
  }

  static async start(plane: ControlPlane, environment: Record<string, string>): Promise<OperatorProgram> {
    const kubeconfig = join(plane.directory, 'kubeconfig.yaml');
    await writeFile(kubeconfig, stringify(kubeconfigOf(plane)), { mode: 0o600 });
    const [metrics = 0, health = 0] = await freePorts(2);
    const { authApi, postgres, pgbouncer, redis, gateway, exporters } = SAMPLE_INPUTS.images;
    const child = spawn(process.execPath, [PROGRAM], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH ?? '',
        KUBECONFIG: kubeconfig,
        KUBE_CONTEXT: 'tests',
        // Its lease is granted by the chart apart from the operator's rights.
        LEADER_ELECTION: 'false',
        METRICS_PORT: String(metrics),
        HEALTH_PORT: String(health),
        AUTH_API_IMAGE: authApi,
        POSTGRES_IMAGES: JSON.stringify({ '17': postgres }),
        PGBOUNCER_IMAGE: pgbouncer,
        REDIS_IMAGE: redis,
        GATEWAY_IMAGE: gateway,
        EXPORTERS_IMAGE: exporters,
        ...environment,
      },
    });
    return new OperatorProgram(child, metrics, health);
  }

  /** What it has written so far. */
  get log(): string {
    return this.#log;
  }

  /** As Kubernetes ends it. Resolves with its exit code. */
  async stop(): Promise<number | null> {
    if (this.#child.exitCode === null) this.#child.kill('SIGTERM');
    return this.ended;
  }
}

function kubeconfigOf({ port, certificate, tokens }: ControlPlane): object {
  const authority = Buffer.from(certificate).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'tests', cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': authority } },
    ],
    users: [{ name: 'operator', user: { token: tokens.operator } }],
    contexts: [{ name: 'tests', context: { cluster: 'tests', user: 'operator' } }],
  };
}
