import { COMPONENT_LABEL, MANAGED_BY_LABEL } from '../kubernetes/labels.ts';
import { controllerOf, type KubernetesObject, type LiveObject } from '../kubernetes/objects.ts';
import { MANAGER } from '../specs/metadata.ts';
import type { Tier } from '../status/observed.ts';
import { tierOf } from './tiers.ts';

/** What leads clients to a Service. */
const WAYS_IN: ReadonlySet<string> = new Set(['Ingress', 'HTTPRoute']);

export interface PruneInput {
  /** UID of the AuthCluster: what another one, or nobody, owns is not ours to delete. */
  ownerUid: string;
  live: readonly LiveObject[];
  wanted: readonly KubernetesObject[];
  /** Components whose objects wait for an earlier step: left out for now, not unwanted. */
  held: ReadonlySet<string>;
  /** Components some of whose pods still run what was wanted before, and mount the ConfigMaps of then. */
  replacing: ReadonlySet<string>;
  /** Tiers to which what is wanted may not lead yet: the way to them that there was stays until another one replaces it. */
  unreached: ReadonlySet<Tier | undefined>;
}

/** Live objects of the AuthCluster that are no longer wanted. Both label and owner must say that they are ours. */
export function unwanted({ ownerUid, live, wanted, held, replacing, unreached }: PruneInput): LiveObject[] {
  const keep = new Set(wanted.map(keyOf));
  const awaitsItsSuccessor = (object: LiveObject) =>
    WAYS_IN.has(object.kind) &&
    unreached.has(tierOf(object)) &&
    wanted.some((other) => WAYS_IN.has(other.kind) && tierOf(other) === tierOf(object));
  return live.filter((object) => {
    const labels = object.metadata.labels ?? {};
    const component = labels[COMPONENT_LABEL] ?? '';
    return (
      labels[MANAGED_BY_LABEL] === MANAGER &&
      controllerOf(object)?.uid === ownerUid &&
      object.metadata.deletionTimestamp === undefined &&
      !held.has(component) &&
      !(object.kind === 'ConfigMap' && replacing.has(component)) &&
      !awaitsItsSuccessor(object) &&
      !keep.has(keyOf(object))
    );
  });
}

function keyOf(object: KubernetesObject): string {
  return `${object.kind}/${object.metadata.name}`;
}
