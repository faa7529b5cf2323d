import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { ApiServer } from './api-server.ts';
import type { PodDialer } from './dialer.ts';
import { portForwardDialer } from './port-forward.ts';

/**
 * Access from a developer's machine: the usual kubeconfig (KUBECONFIG or ~/.kube/config) with all that client-node
 * knows of it, and pods by port-forward. Throws when the context does not exist. Only loaded outside a cluster: the
 * library would double the operator's memory, and a pod needs a token and a certificate.
 */
export function kubeconfigAccess(
  context: string | undefined,
  onProblem: (error: unknown) => void,
): { server: ApiServer; dialer: PodDialer } {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromDefault();
  if (context !== undefined) {
    const known = kubeConfig.getContexts().map(({ name }) => name);
    if (!known.includes(context)) {
      throw new Error(`no context "${context}" in the kubeconfig (it has: ${known.join(', ') || 'none'})`);
    }
    kubeConfig.setCurrentContext(context);
  }
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster) throw new Error('the kubeconfig has no current cluster');
  const credentials = async (): Promise<RequestOptions> => {
    const options: RequestOptions = {};
    await kubeConfig.applyToHTTPSOptions(options);
    // Its agent keeps no connections; it is needed only to go through a proxy.
    if (!cluster.proxyUrl) delete options.agent;
    return options;
  };
  return { server: { url: new URL(cluster.server), credentials }, dialer: portForwardDialer(kubeConfig, onProblem) };
}
