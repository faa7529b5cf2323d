import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { documentedBlocks, isAuthCluster } from '../../dev/markdown.ts';
import { isStatus } from '../src/kubernetes/errors.ts';
import { SAMPLES, sampleCluster, writtenSpec } from '../src/testing/sample-clusters.ts';
import { concurrently } from './harness/concurrently.ts';
import { accessTo } from './harness/control-plane.ts';
import { sharedControlPlane } from './harness/shared-control-plane.ts';
import { INVALID, INVALID_CHANGES } from './refused/auth-clusters.ts';
import { definitionRules, tells } from './refused/definition-rules.ts';
import { INVALID_EXTERNAL, INVALID_EXTERNAL_CHANGES } from './refused/external-servers.ts';

const admin = accessTo(sharedControlPlane(), 'admin');
const COLLECTION = '/apis/authcluster.dev/v1alpha1/namespaces/default/authclusters';
/** Nothing is changed either way. */
const DRY_RUN = { dryRun: 'All' };
const THERE = 'there';
const CREATIONS = [...INVALID, ...INVALID_EXTERNAL];
const CHANGES = [...INVALID_CHANGES, ...INVALID_EXTERNAL_CHANGES];

/** What the API server has to say against a request; empty if it is content. */
async function refusal(request: Promise<unknown>): Promise<string> {
  try {
    await request;
    return '';
  } catch (error) {
    if (isStatus(error, 422)) return error.message;
    throw error;
  }
}

function create(name: string, spec: object, query: Record<string, string> = DRY_RUN): Promise<unknown> {
  const body = { apiVersion: 'authcluster.dev/v1alpha1', kind: 'AuthCluster', metadata: { name }, spec };
  return admin.send({ method: 'POST', path: COLLECTION, query, body });
}

function change(spec: object): Promise<unknown> {
  const contentType = 'application/merge-patch+json';
  return admin.send({ method: 'PATCH', path: `${COLLECTION}/${THERE}`, query: DRY_RUN, body: { spec }, contentType });
}

/** By the rule that is broken. */
const answers = new Map<string, string>();

beforeAll(async () => {
  await create(THERE, writtenSpec('development'), {});
  await concurrently(4, CREATIONS, async ({ rule, name = 'invalid', spec }) => {
    answers.set(rule, await refusal(create(name, spec)));
  });
  await concurrently(4, CHANGES, async (each) => {
    answers.set(each.rule, await refusal(change(each.change)));
  });
});
afterAll(() => admin.send({ method: 'DELETE', path: `${COLLECTION}/${THERE}` }));

describe('the API server', () => {
  test('accepts an AuthCluster that leaves everything to the defaults', async () => {
    expect(await refusal(create('valid', {}))).toBe('');
  });

  test('accepts every AuthCluster and every spec that the documentation shows', async () => {
    const shown = (await documentedBlocks()).filter(isAuthCluster);
    const refused = shown.map(async ({ page, heading, text }) => {
      const answer = await refusal(create('documented', parse(text).spec));
      return answer === '' ? [] : [`${page}, ${heading}: ${answer}`];
    });
    expect((await Promise.all(refused)).flat()).toEqual([]);
    expect(shown.length).toBeGreaterThan(20);
  });

  test.each(SAMPLES)('fills in for the %s sample the defaults that the tests of builders count on', async (sample) => {
    const created = (await create('defaults', writtenSpec(sample))) as { spec: unknown };
    expect(created.spec).toEqual(sampleCluster(sample).spec);
  });

  test.each(CREATIONS)('refuses $rule', ({ rule, field, message }) => {
    expect(answers.get(rule)).toContain(`${field}:`);
    expect(answers.get(rule)).toContain(message);
  });

  test.each(CHANGES)('refuses, of an AuthCluster that is there, $rule', ({ rule, field, message }) => {
    expect(answers.get(rule)).toContain(`${field}:`);
    expect(answers.get(rule)).toContain(message);
  });
});

test('each rule of the definition is broken by one of these, and answers with its message', async () => {
  const rules = await definitionRules();
  expect(rules.length).toBeGreaterThan(50);
  const told = [...answers.values()];
  // As long as there is one version, no other gets as far as this rule: major-version.test.ts has a definition with two.
  const untested = rules
    .filter(({ field }) => field !== 'spec.postgres.version')
    .filter((rule) => !told.some((answer) => tells(answer, rule)));
  expect(untested.map(({ field, texts }) => `${field}: ${texts.join(' ... ')}`)).toEqual([]);
});

test('each of these has a name of its own', () => {
  expect(answers.size).toBe(CREATIONS.length + CHANGES.length);
});
