import { Container } from '../../../dev/containers/container.ts';
import type { ControlPlane } from './control-plane.ts';

/** What the real kubectl, which the nodes' image has, prints for somebody who may do everything. */
export async function kubectl({ containerId, port, tokens }: ControlPlane, ...args: string[]): Promise<string> {
  const server = [`--server=https://127.0.0.1:${port}`, `--token=${tokens.admin}`, '--insecure-skip-tls-verify'];
  return new Container(containerId).run('kubectl', ...server, ...args);
}
