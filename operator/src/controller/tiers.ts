import type { KubernetesObject } from '../kubernetes/objects.ts';
import type { Component } from '../specs/names.ts';
import type { Tier } from '../status/observed.ts';

const COMPONENT_LABEL = 'app.kubernetes.io/component';

const TIERS: Readonly<Record<Component, Tier>> = {
  postgres: 'database',
  'pooler-rw': 'pooler',
  'pooler-ro': 'pooler',
  redis: 'cache',
  migrations: 'migrations',
  'auth-api': 'api',
  warming: 'api',
  gateway: 'gateway',
};

/** The tier an object belongs to by its component label; undefined for one that has none. */
export function tierOf(object: KubernetesObject): Tier | undefined {
  const component = componentOf(object);
  return component === undefined ? undefined : TIERS[component];
}

export function componentOf(object: KubernetesObject): Component | undefined {
  const component = object.metadata.labels?.[COMPONENT_LABEL];
  return isComponent(component) ? component : undefined;
}

export function hasComponent(object: KubernetesObject, ...components: readonly Component[]): boolean {
  const component = componentOf(object);
  return component !== undefined && components.includes(component);
}

function isComponent(value: string | undefined): value is Component {
  return value !== undefined && Object.hasOwn(TIERS, value);
}
