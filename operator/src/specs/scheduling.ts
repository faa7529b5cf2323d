import type { AuthCluster } from '../api/authcluster.ts';
import type { Scheduling } from '../api/generated/authcluster.ts';
import type { Component } from './names.ts';

/** What the spec says about where pods of a component run. What else the auth API's image does runs where the API does. */
export function schedulingOf({ spec }: AuthCluster, component: Component): Scheduling {
  const byComponent: Readonly<Record<Component, Scheduling | undefined>> = {
    'auth-api': spec.api.scheduling,
    migrations: spec.api.scheduling,
    warming: spec.api.scheduling,
    gateway: spec.gateway.scheduling,
    postgres: spec.postgres.scheduling,
    'pooler-rw': spec.postgres.pooler.scheduling,
    'pooler-ro': spec.postgres.pooler.scheduling,
    redis: spec.redis.scheduling,
  };
  return byComponent[component] ?? {};
}

/** The fields of a pod; `chosen` is what the operator would do, each field of which gives way to one that is given. */
export function podPlacement(scheduling: Scheduling, chosen: object | undefined): object {
  const { podLabels: _labels, podAnnotations: _annotations, ...given } = scheduling;
  return { ...chosen, ...given };
}
