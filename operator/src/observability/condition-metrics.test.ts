import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import type { AuthCluster } from '../api/authcluster.ts';
import { clusterWith } from '../testing/sample-clusters.ts';
import { conditionMetrics } from './condition-metrics.ts';

function withCondition(name: string, type: string, status: 'True' | 'False', reason = 'R'): AuthCluster {
  const lastTransitionTime = '2026-01-02T03:04:05Z';
  return {
    ...clusterWith({}, name),
    status: { conditions: [{ type, status, reason, message: '', lastTransitionTime }] },
  };
}

/** The series, as a scrape shows them. */
async function scraped(registry: Registry): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line.startsWith('authcluster_condition{'));
}

describe('conditions as metrics', () => {
  test('have a series for each status, and none once the AuthCluster is gone', async () => {
    const registry = new Registry();
    const there = new Map([['one', withCondition('one', 'Ready', 'False')]]);
    conditionMetrics(registry)(() => [...there.values()]);
    const series = (name: string, status: string) =>
      `authcluster_condition{namespace="auth",name="${name}",type="Ready",status="${status}"}`;
    expect(await scraped(registry)).toEqual([
      `${series('one', 'true')} 0`,
      `${series('one', 'false')} 1`,
      `${series('one', 'unknown')} 0`,
    ]);
    there.set('one', withCondition('one', 'Ready', 'True'));
    expect(await scraped(registry)).toContain(`${series('one', 'true')} 1`);
    there.clear();
    expect(await scraped(registry)).toEqual([]);
  });

  test('are those that the operator gives, so that there are never many', async () => {
    const registry = new Registry();
    conditionMetrics(registry)(() => [withCondition('one', 'SomebodyElses', 'True'), clusterWith({}, 'new')]);
    expect(await scraped(registry)).toEqual([]);
  });

  test.each([
    ['True', 'RolloutBaking', ' 1'],
    // Something is in its way.
    ['False', 'Blocked', ' 0'],
    ['True', 'RolloutStarting', ' 0'],
  ] as const)('tell, of Progressing %s for %s, whether a rollout is watched:%s', async (status, reason, value) => {
    const registry = new Registry();
    conditionMetrics(registry)(() => [withCondition('one', 'Progressing', status, reason), clusterWith({}, 'new')]);
    const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('authcluster_baking{'));
    expect(lines).toEqual([`authcluster_baking{namespace="auth",name="one"}${value}`]);
  });
});
