import net from 'node:net';
import { type KubeConfig, PortForward } from '@kubernetes/client-node';
import type { PodAddress, PodDialer } from './dialer.ts';

/** On a developer's machine: a listener on 127.0.0.1 whose connections travel through the API server. */
export function portForwardDialer(kubeConfig: KubeConfig, onProblem: (error: unknown) => void): PodDialer {
  const forward = new PortForward(kubeConfig);
  return {
    reach: async (pod, port) => {
      const sockets = new Set<net.Socket>();
      const server = net.createServer((socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
        bridge(forward, pod, port, socket).catch((error: unknown) => {
          onProblem(error);
          socket.destroy();
        });
      });
      const localPort = await listen(server);
      const close = () => {
        server.close();
        for (const socket of sockets) socket.destroy();
      };
      return { host: '127.0.0.1', port: localPort, close };
    },
  };
}

async function bridge(forward: PortForward, pod: PodAddress, port: number, socket: net.Socket): Promise<void> {
  socket.on('error', () => socket.destroy());
  const opened = await forward.portForward(pod.namespace, pod.name, [port], socket, null, socket);
  const tunnel = typeof opened === 'function' ? opened() : opened;
  if (tunnel === null) throw new Error(`no tunnel to ${pod.namespace}/${pod.name}:${port}`);
  socket.on('close', () => tunnel.close());
  tunnel.addEventListener('close', () => socket.destroy());
  tunnel.addEventListener('error', () => socket.destroy());
  if (socket.destroyed) tunnel.close();
}

function listen(server: net.Server): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (typeof address === 'object' && address !== null) resolve(address.port);
    else reject(new Error('the listener has no port'));
  });
  return promise;
}
