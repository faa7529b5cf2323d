import { describe, expect, test } from '@jest/globals';
import type { Deployment } from '../kubernetes/objects.ts';
import { clusterWith, SAMPLE_INPUTS } from '../testing/sample-clusters.ts';
import { appliedRevision, revisionAnnotations, wantedRevision } from './revision.ts';

const wanted = wantedRevision(clusterWith({}), SAMPLE_INPUTS);
const annotations = revisionAnnotations(wanted);
const REVISION = 'authcluster.dev/revision';
const TEMPLATE = 'authcluster.dev/template';

function deployment(over: Record<string, string | undefined>): Deployment {
  const metadata = { name: 'acme-api-blue', namespace: 'auth', uid: 'u', resourceVersion: '1' };
  const all = Object.entries({ ...annotations, ...over }).filter(([, value]) => value !== undefined);
  const marked = { ...metadata, annotations: Object.fromEntries(all) as Record<string, string> };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: marked, spec: {} };
}

describe('what a Deployment was made', () => {
  test('is told by its annotations, whatever it is now', () => {
    expect(appliedRevision(deployment({}))).toEqual(wanted);
  });

  test('has a name that is the same for either colour, and another one for another environment', () => {
    const next = clusterWith({ api: { env: [{ name: 'LOG_LEVEL', value: 'debug' }] } });
    expect(wantedRevision(next, SAMPLE_INPUTS).name).not.toBe(wanted.name);
    expect(JSON.stringify(wanted.template)).not.toContain('authcluster.dev/color');
  });

  test.each<[string, Record<string, string | undefined>]>([
    ['says nothing, as by an operator of before', { [TEMPLATE]: undefined }],
    ['says nothing at all', { [TEMPLATE]: undefined, [REVISION]: undefined }],
    ['says another template', { [TEMPLATE]: annotations[TEMPLATE]?.replace('auth-api:', 'other:') }],
    ['says no JSON', { [TEMPLATE]: '{' }],
    ['says another name', { [REVISION]: '0123456789' }],
  ])('is unknown where it %s', (_what, over) => {
    expect(appliedRevision(deployment(over))).toBeUndefined();
  });
});
