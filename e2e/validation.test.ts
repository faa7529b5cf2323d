import { beforeAll, describe, expect, test } from '@jest/globals';
import { CommandError } from '../dev/command.ts';
import { SAMPLES, sampleCluster, writtenSpec } from '../operator/src/testing/sample-clusters.ts';
import { AUTH_CLUSTERS, applySample, kubectl, NAME, NAMESPACE } from './support/cluster.ts';
import { INVALID, INVALID_CHANGES } from './support/invalid-auth-clusters.ts';
import { INVALID_EXTERNAL, INVALID_EXTERNAL_CHANGES } from './support/invalid-external-servers.ts';

/** What the API server has to say against a request that changes nothing either way; empty if it is content. */
async function refusal(args: readonly string[], input?: string): Promise<string> {
  try {
    await kubectl.run([...args, '--dry-run=server'], input);
    return '';
  } catch (error) {
    if (error instanceof CommandError) return error.stderr;
    throw error;
  }
}

function creation(name: string, spec: object): Promise<string> {
  const document = { apiVersion: 'authcluster.dev/v1alpha1', kind: 'AuthCluster', metadata: { name }, spec };
  return refusal(['create', '--namespace', 'default', '-f', '-'], JSON.stringify(document));
}

describe('the API server', () => {
  test('accepts an AuthCluster that leaves everything to the defaults', async () => {
    expect(await creation('valid', {})).toBe('');
  });

  test.each(SAMPLES)('fills in for the %s sample the defaults that the tests of builders count on', async (sample) => {
    const { apiVersion, kind, spec } = sampleCluster(sample);
    const minimal = { apiVersion, kind, metadata: { name: 'defaults' }, spec: writtenSpec(sample) };
    const args = ['create', '--namespace', 'default', '--dry-run=server', '-o', 'json', '-f', '-'];
    const created = JSON.parse(await kubectl.run(args, JSON.stringify(minimal)));
    expect(created.spec).toEqual(spec);
  });

  test.each([...INVALID, ...INVALID_EXTERNAL])('refuses $rule', async ({ name = 'invalid', spec, field, message }) => {
    const answer = await creation(name, spec);
    expect(answer).toContain(`${field}:`);
    expect(answer).toContain(message);
  });
});

describe('the API server, for an AuthCluster that is there,', () => {
  beforeAll(() => applySample());

  test.each([...INVALID_CHANGES, ...INVALID_EXTERNAL_CHANGES])('refuses $rule', async ({ change, field, message }) => {
    const patch = JSON.stringify({ spec: change });
    const answer = await refusal(['patch', AUTH_CLUSTERS, NAME, '-n', NAMESPACE, '--type', 'merge', '-p', patch]);
    expect(answer).toContain(`${field}:`);
    expect(answer).toContain(message);
  });
});
