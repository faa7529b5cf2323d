import { COMPONENT_LABEL } from '../kubernetes/labels.ts';
import type { Observed } from '../status/observed.ts';
import type { Manifest } from './manifest.ts';
import type { Component } from './names.ts';

/**
 * Who must have left before a component may go: whoever would otherwise fail for want of it. Of those that nobody
 * needs there are none.
 */
const CALLERS: Readonly<Record<Component, readonly Component[]>> = {
  gateway: [],
  'auth-api': ['gateway'],
  migrations: [],
  warming: [],
  'pooler-rw': ['auth-api', 'warming', 'gateway'],
  'pooler-ro': ['auth-api', 'warming', 'gateway'],
  redis: ['auth-api', 'warming', 'gateway'],
  postgres: ['pooler-rw', 'pooler-ro', 'auth-api', 'warming', 'gateway', 'migrations'],
};

/** Whether a component of a hibernated AuthCluster may go now. */
export function mayGo(component: Component, { podCounts }: Pick<Observed, 'podCounts'>): boolean {
  return CALLERS[component].every((caller) => (podCounts[caller] ?? 0) === 0);
}

/** The object as it is to be while the AuthCluster sleeps: a workload with a size of its own has none. */
export function asleep(object: Manifest, observed: Pick<Observed, 'podCounts'>): Manifest {
  const component = object.metadata.labels?.[COMPONENT_LABEL] as Component | undefined;
  const { spec } = object;
  const sized = typeof spec === 'object' && spec !== null && 'replicas' in spec;
  if (!sized || component === undefined || !mayGo(component, observed)) return object;
  return { ...object, spec: { ...spec, replicas: 0 } };
}
