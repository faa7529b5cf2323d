import type { ObjectCache } from '../kubernetes/cache.ts';
import { isGivenUp } from '../kubernetes/given-up.ts';
import { hasCondition, type Node, type Pod } from '../kubernetes/objects.ts';

/** What nodes have to say about the pods on them. */
export interface NodesSeen {
  /** Those that take no new pods. */
  cordoned: readonly Node[];
  /** Names of those that answer; undefined where nodes are not seen. */
  answering: ReadonlySet<string> | undefined;
}

export function nodesSeen(cache: ObjectCache): NodesSeen {
  if (!cache.kinds().includes('Node')) return { cordoned: [], answering: undefined };
  const nodes = cache.store<Node>('Node').all();
  return {
    cordoned: nodes.filter(({ spec }) => spec?.unschedulable === true),
    answering: new Set(nodes.filter((node) => hasCondition(node, 'Ready')).map(({ metadata }) => metadata.name)),
  };
}

/**
 * Whether a pod went with its node. It goes on being told as running, and then as ending, for as long as nobody says
 * that the node is gone for good; what waits for it to end would wait as long. Where nodes are not seen, none is known to.
 */
export function isLost(pod: Pod, { answering }: NodesSeen, nowMs: number): boolean {
  const { nodeName } = pod.spec;
  return nodeName !== undefined && answering?.has(nodeName) === false && isGivenUp(pod, nowMs);
}
