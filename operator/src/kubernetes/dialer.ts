export interface PodAddress {
  namespace: string;
  name: string;
  ip: string;
}

/** Somewhere to open TCP connections to; `close` ends what was set up for it. */
export interface Reach {
  host: string;
  port: number;
  close(): void;
}

/** How the operator's own conversations (PostgreSQL, PgBouncer's console, Redis) get to a pod. */
export interface PodDialer {
  reach(pod: PodAddress, port: number): Promise<Reach>;
}

/** Inside the cluster pods have addresses. */
export const directDialer: PodDialer = {
  reach: async (pod, port) => ({ host: pod.ip, port, close: () => undefined }),
};
