import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { PostgresMember } from '../../postgres/patroni.ts';
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

  test('counts with more connections once every member has been restarted for them', () => {
    const raised = clusterWith({ postgres: { parameters: { max_connections: '1000' } } });
    const waiting = (from: string) => ({ pendingRestart: [{ parameter: 'max_connections', from, to: '1000' }] });
    const budget = (...members: readonly Pick<PostgresMember, 'pendingRestart'>[]) => connectionBudget(raised, members);
    expect(budget(waiting('200'), waiting('200'))).toEqual({ maxConnections: 200, poolSize: 30 });
    expect(budget({ pendingRestart: [] }, waiting('200'))).toEqual({ maxConnections: 200, poolSize: 30 });
    expect(budget({ pendingRestart: [] }, waiting('?'))).toEqual({ maxConnections: 1000, poolSize: 163 });
    expect(budget({ pendingRestart: [] }, { pendingRestart: [] })).toEqual({ maxConnections: 1000, poolSize: 163 });
  });

  test('counts with fewer connections from the beginning, before any member has been restarted', () => {
    const lowered = clusterWith({ postgres: { parameters: { max_connections: '100' } } });
    const member = { pendingRestart: [{ parameter: 'max_connections', from: '200', to: '100' }] };
    expect(connectionBudget(lowered, [member])).toEqual({ maxConnections: 100, poolSize: 13 });
  });

  test('leaves a pooler one connection, since none would mean any number, while there are more of them than there will be room for', () => {
    const parameters = { max_connections: '400' };
    const member = { pendingRestart: [{ parameter: 'max_connections', from: '50', to: '400' }] };
    const { poolSize } = connectionBudget(clusterWith({ postgres: { parameters, pooler: { instances: 18 } } }), [
      member,
    ]);
    expect(poolSize).toBe(1);
  });
});
