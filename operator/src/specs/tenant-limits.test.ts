import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { clusterWith, MONITORED_INPUTS, sampleCluster } from '../testing/sample-clusters.ts';
import { allObjects } from './all-objects.ts';
import type { Manifest } from './manifest.ts';

const page = readFileSync(
  join(resolve(import.meta.dirname, '../../..'), 'docs/how-to/serve-several-tenants.md'),
  'utf8',
);

/** Fields of the spec that the page's tables name, each with its default. */
const documented = [...page.matchAll(/\| `([a-zA-Z.]+)` \| ([^|]+) \|$/gm)].map(
  ([, field = '', value = '']) => [field, value] as const,
);

function written(value: unknown): string {
  if (value === undefined) return 'none';
  const { limit, periodSeconds, requestsPerSecond, burst } = value as Record<string, unknown>;
  if (limit !== undefined) return `${limit} in ${periodSeconds} s`;
  return requestsPerSecond === undefined ? String(value) : `${requestsPerSecond}, ${burst}`;
}

const defaults = clusterWith({}).spec;

describe('the page about tenants', () => {
  test.each(documented)('tells the default of %s', (field, value) => {
    const found = field.split('.').reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], defaults);
    expect(value).toBe(written(found));
  });

  test('tells every limit that there is a field for', () => {
    const fields = ['api.rateLimits', 'gateway.rateLimits'].flatMap((parent) => {
      const [tier = '', limits = ''] = parent.split('.');
      const { [limits]: all = {} } = (defaults as unknown as Record<string, Record<string, object>>)[tier] ?? {};
      return Object.keys(all).map((name) => `${parent}.${name}`);
    });
    expect(documented.map(([field]) => field)).toEqual(expect.arrayContaining(fields));
  });

  test('has a quota with room for the production sample while it is rolled out, and for little more', () => {
    const [, quota = ''] = /```yaml\n(apiVersion: v1\nkind: ResourceQuota[^`]+)```/.exec(page) ?? [];
    const { hard } = parse(quota).spec;
    const needed = mostOf(allObjects(sampleCluster('production'), MONITORED_INPUTS));
    for (const [resource, amount] of Object.entries(needed)) {
      const given = quantity(hard[resource]);
      expect([resource, given >= amount, given <= amount * 1.15]).toEqual([resource, true, true]);
    }
  });
});

type Resource =
  | 'pods'
  | 'requests.cpu'
  | 'requests.memory'
  | 'limits.memory'
  | 'persistentvolumeclaims'
  | 'requests.storage';

interface Container {
  readonly resources: { readonly requests: Record<string, string>; readonly limits: Record<string, string> };
}

interface Workload extends Manifest {
  readonly spec: {
    readonly replicas?: number;
    readonly template: { readonly spec: { readonly containers: readonly Container[] } };
    readonly jobTemplate: { readonly spec: Workload['spec'] };
    readonly volumeClaimTemplates?: readonly { spec: { resources: { requests: { storage: string } } } }[];
    readonly scaleTargetRef: { readonly name: string };
    readonly maxReplicas: number;
  };
}

/** What all pods take together when there are as many as there can be. */
function mostOf(objects: readonly Manifest[]): Record<Resource, number> {
  const workloads = objects as readonly Workload[];
  const ofKind = (...kinds: string[]) => workloads.filter(({ kind }) => kinds.includes(kind));
  const autoscaled = new Map(
    ofKind('HorizontalPodAutoscaler').map(({ spec }) => [spec.scaleTargetRef.name, spec.maxReplicas]),
  );
  const total = {
    pods: 0,
    'requests.cpu': 0,
    'requests.memory': 0,
    'limits.memory': 0,
    persistentvolumeclaims: 0,
    'requests.storage': 0,
  };
  for (const { kind, metadata, spec } of ofKind('StatefulSet', 'Deployment', 'Job', 'CronJob')) {
    const { containers } = (kind === 'CronJob' ? spec.jobTemplate.spec : spec).template.spec;
    const replicas = autoscaled.get(metadata.name) ?? spec.replicas ?? 1;
    const pods = kind === 'Deployment' ? whileReplaced(metadata.name, replicas) : replicas;
    total.pods += pods;
    for (const { resources } of containers) {
      total['requests.cpu'] += pods * quantity(resources.requests.cpu);
      total['requests.memory'] += pods * quantity(resources.requests.memory);
      total['limits.memory'] += pods * quantity(resources.limits.memory);
    }
    for (const claim of spec.volumeClaimTemplates ?? []) {
      total.persistentvolumeclaims += pods;
      total['requests.storage'] += pods * quantity(claim.spec.resources.requests.storage);
    }
  }
  return total;
}

/** The auth API's old version stands by; other Deployments have Kubernetes' default surge. */
function whileReplaced(name: string, replicas: number): number {
  return name.includes('-api-') ? 2 * replicas : replicas + Math.ceil(replicas / 4);
}

function quantity(text = '0'): number {
  const [, number, unit = ''] = /^([\d.]+)(m|Mi|Gi)?$/.exec(text) ?? [];
  const factors: Record<string, number> = { m: 1e-3, Mi: 2 ** 20, Gi: 2 ** 30 };
  return Number(number) * (factors[unit] ?? 1);
}
