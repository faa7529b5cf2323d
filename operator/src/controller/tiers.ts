import { COMPONENT_LABEL } from '../kubernetes/labels.ts';
import type { KubernetesObject, Pod } from '../kubernetes/objects.ts';
import type { Color } from '../rollout/terms.ts';
import { COLOR_LABEL, type Component } from '../specs/names.ts';
import type { Tier } from '../status/observed.ts';

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

/** The component that an object's label names; undefined without the label, and for a name that is no component's. */
export function componentOf(object: KubernetesObject): Component | undefined {
  const component = object.metadata.labels?.[COMPONENT_LABEL];
  return isComponent(component) ? component : undefined;
}

/** Whether an object belongs to one of these components. */
export function hasComponent(object: KubernetesObject, ...components: readonly Component[]): boolean {
  const component = componentOf(object);
  return component !== undefined && components.includes(component);
}

/** The auth API's pods of one of its two Deployments. */
export function ofColor(pods: readonly Pod[], color: Color): Pod[] {
  return pods.filter(({ metadata }) => metadata.labels?.[COLOR_LABEL] === color);
}

function isComponent(value: string | undefined): value is Component {
  return value !== undefined && Object.hasOwn(TIERS, value);
}
