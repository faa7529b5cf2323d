import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { clusterWith } from '../../testing/sample-clusters.ts';
import { connectionBudget, RESERVED_CONNECTIONS } from './connection-budget.ts';

/** Every pair that the CRD's rule lets pass. */
const accepted = fc
  .record({ maxConnections: fc.integer({ min: 50, max: 5000 }), instances: fc.integer({ min: 1, max: 18 }) })
  .filter(({ maxConnections, instances }) => Math.floor((maxConnections - 20) / (2 * instances)) >= 5);

const budgetOf = ({ maxConnections, instances }: { maxConnections: number; instances: number }) =>
  connectionBudget(
    clusterWith({
      postgres: { parameters: { max_connections: String(maxConnections) }, pooler: { instances } },
    }),
  );

describe('the connection budget', () => {
  test('fits into max_connections even while all poolers, old and new, run side by side', () => {
    fc.assert(
      fc.property(accepted, (sizes) => {
        const { poolSize, maxConnections } = budgetOf(sizes);
        expect(poolSize * sizes.instances * 2 + RESERVED_CONNECTIONS).toBeLessThanOrEqual(maxConnections);
      }),
    );
  });

  test('leaves every pooler something to work with', () => {
    fc.assert(fc.property(accepted, (sizes) => expect(budgetOf(sizes).poolSize).toBeGreaterThanOrEqual(5)));
  });

  test('wastes less than one connection for each pooler', () => {
    fc.assert(
      fc.property(accepted, (sizes) => {
        const { poolSize, maxConnections } = budgetOf(sizes);
        expect((poolSize + 1) * sizes.instances * 2 + RESERVED_CONNECTIONS).toBeGreaterThan(maxConnections);
      }),
    );
  });

  test('fits as well when autoscaling has added all poolers that it may', () => {
    const pooler = { instances: 2, autoscaling: { maxInstances: 6, targetCPUUtilizationPercentage: 60 } };
    const { poolSize, maxConnections } = connectionBudget(clusterWith({ postgres: { pooler } }));
    expect(poolSize * 6 * 2 + RESERVED_CONNECTIONS).toBeLessThanOrEqual(maxConnections);
  });

  test('is 30 for each of 3 poolers of the default 200', () => {
    expect(connectionBudget(clusterWith({}))).toEqual({ maxConnections: 200, poolSize: 30 });
  });
});
