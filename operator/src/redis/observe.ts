import type { PodAddress, PodDialer } from '../kubernetes/dialer.ts';
import { type RedisLogin, withRedis } from './connection.ts';
import { type Member, type MemberView, parseClockAhead, parseClusterNodes, parseReplication } from './topology.ts';

export interface RedisPod extends PodAddress {
  shard: number;
  /** The Kubernetes node it runs on. */
  node: string | undefined;
}

export interface Observation {
  members: Member[];
  /** Why a pod did not answer, by pod. */
  problems: ReadonlyMap<string, string>;
}

/** Asks every pod, at the same time, how it sees the cluster. A pod that does not answer is part of the answer. */
export async function observeMembers(
  dialer: PodDialer,
  pods: readonly RedisPod[],
  login: RedisLogin,
  now: () => number,
): Promise<Observation> {
  const problems = new Map<string, string>();
  const members = await Promise.all(
    pods.map(async (pod): Promise<Member> => {
      const member = { pod: pod.name, shard: pod.shard, ip: pod.ip, node: pod.node };
      try {
        return { ...member, view: await askView(dialer, pod, login, now) };
      } catch (error) {
        problems.set(pod.name, error instanceof Error ? error.message : String(error));
        return { ...member, view: undefined };
      }
    }),
  );
  return { members, problems };
}

function askView(dialer: PodDialer, pod: PodAddress, login: RedisLogin, now: () => number): Promise<MemberView> {
  return withRedis(dialer, pod, login, async (command) => {
    const nodes = String(await command('CLUSTER', 'NODES'));
    const info = String(await command('INFO', 'server', 'replication'));
    const nowMs = now();
    return parseClusterNodes(nodes, parseReplication(info, nowMs), parseClockAhead(info, nowMs));
  });
}
