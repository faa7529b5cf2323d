import { describe, expect, test } from '@jest/globals';
import { clusterWith } from '../../testing/sample-clusters.ts';
import { disruptionBudgets } from './disruption.ts';

interface Budget {
  spec: { minAvailable?: number; maxUnavailable?: number; selector: { matchLabels: Record<string, string> } };
}

function budgets(readReplicas: number, { seesNodes = true, primaryMayGo = false } = {}): Budget[] {
  const cluster = clusterWith({ postgres: { readReplicas } });
  return disruptionBudgets(cluster, { seesNodes }, primaryMayGo) as unknown as Budget[];
}

describe('the disruption budgets of the database', () => {
  test('keep the primary, and all replicas but one', () => {
    const kept = budgets(2).map(({ spec }) => [spec.selector.matchLabels['authcluster.dev/role'], spec.minAvailable]);
    expect(kept).toEqual([
      ['primary', 1],
      ['replica', 1],
    ]);
  });

  test('let the primary go where each node to which it could be moved is to be drained as well', () => {
    expect(budgets(2, { primaryMayGo: true }).map(({ spec }) => spec.minAvailable)).toEqual([0, 1]);
  });

  test('let the only replica go', () => {
    expect(budgets(1)[1]?.spec.minAvailable).toBe(0);
  });

  test('are not there for a primary that is alone, which would block every drain', () => {
    expect(budgets(0)).toEqual([]);
  });

  test('let any one pod go where the operator does not see that a node is drained', () => {
    const [only, ...others] = budgets(2, { seesNodes: false });
    expect(others).toEqual([]);
    expect(only?.spec).toMatchObject({ maxUnavailable: 1 });
    expect(only?.spec.selector.matchLabels).not.toHaveProperty(['authcluster.dev/role']);
  });
});
