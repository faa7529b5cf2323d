import { describe, expect, test } from '@jest/globals';
import { clusterWith, SAMPLE_INPUTS } from '../testing/sample-clusters.ts';
import { allObjects } from './all-objects.ts';

interface Template {
  metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  spec: { nodeSelector?: object; affinity?: object; topologySpreadConstraints?: object };
}

const SCHEDULING = {
  nodeSelector: { pool: 'databases' },
  tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'databases', effect: 'NoSchedule' }],
  affinity: { nodeAffinity: {} },
  topologySpreadConstraints: [],
  priorityClassName: 'important',
};

/** Pod templates by component. */
function templates(spec: object): Record<string, Template> {
  return Object.fromEntries(
    allObjects(clusterWith(spec), SAMPLE_INPUTS).flatMap(({ metadata, spec: inner }) => {
      const { template } = (inner ?? {}) as { template?: Template };
      return template === undefined ? [] : [[metadata.labels?.['app.kubernetes.io/component'] ?? '', template]];
    }),
  );
}

describe('scheduling', () => {
  test.each<[string, (scheduling: object) => object, string[]]>([
    ['api', (scheduling) => ({ api: { scheduling } }), ['auth-api', 'migrations']],
    ['gateway', (scheduling) => ({ gateway: { scheduling } }), ['gateway']],
    ['postgres', (scheduling) => ({ postgres: { scheduling } }), ['postgres']],
    ['postgres.pooler', (scheduling) => ({ postgres: { pooler: { scheduling } } }), ['pooler-ro', 'pooler-rw']],
    ['redis', (scheduling) => ({ redis: { scheduling } }), ['redis']],
  ])('of spec.%s places the pods of that tier and of no other', (_tier, spec, components) => {
    const placed = Object.entries(templates(spec(SCHEDULING))).filter(([, pod]) => pod.spec.nodeSelector !== undefined);
    expect(placed.map(([component]) => component).sort()).toEqual(components);
    for (const [, pod] of placed) expect(pod.spec).toMatchObject(SCHEDULING);
  });

  test('leaves what it does not name as the operator chooses it', () => {
    const { postgres } = templates({ postgres: { scheduling: { nodeSelector: { pool: 'databases' } } } });
    expect(postgres?.spec.affinity).toEqual(templates({}).postgres?.spec.affinity);
  });

  test('adds labels and annotations, and takes away none of the operator', () => {
    const before = templates({}).gateway;
    const podLabels = { team: 'identity' };
    const podAnnotations = { 'example.com/note': 'edge' };
    const { gateway } = templates({ gateway: { scheduling: { podLabels, podAnnotations } } });
    expect(gateway?.metadata.labels).toEqual({ ...before?.metadata.labels, ...podLabels });
    expect(gateway?.metadata.annotations).toEqual({ ...before?.metadata.annotations, ...podAnnotations });
    expect(gateway?.spec).not.toHaveProperty('podLabels');
  });
});
