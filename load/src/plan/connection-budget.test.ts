import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { crdRules } from '../testing/crd-rules.ts';
import {
  type ConnectionBudget,
  clientConnectionsFor,
  maxConnectionsFor,
  overdrawnFields,
  serverConnectionsPerPooler,
} from './connection-budget.ts';

const budget = fc.record<ConnectionBudget>({
  maxReplicas: fc.integer({ min: 1, max: 200 }),
  writePool: fc.integer({ min: 1, max: 200 }),
  readPool: fc.integer({ min: 1, max: 200 }),
  readReplicas: fc.integer({ min: 0, max: 3 }),
  poolerInstances: fc.integer({ min: 1, max: 18 }),
  maxClientConnections: fc.integer({ min: 10, max: 15_000 }),
  maxConnections: fc.integer({ min: 50, max: 500 }),
});

/** As much of spec as the rules look at. */
function specOf(given: ConnectionBudget) {
  return {
    api: {
      autoscaling: { maxReplicas: given.maxReplicas },
      pools: { write: given.writePool, read: given.readPool },
    },
    postgres: {
      readReplicas: given.readReplicas,
      parameters: { max_connections: String(given.maxConnections) },
      pooler: { instances: given.poolerInstances, maxClientConnections: given.maxClientConnections },
    },
  };
}

const clientRules = crdRules('spec', /connection budget/);
const serverRules = crdRules('spec.postgres', /^parameters.* for each pooler: raise/);

describe('the connection budget', () => {
  test('the resource has rules about clients, for writes and for reads, and one about the server', () => {
    expect(clientRules.map(({ message }) => /for (writes|reads)/.exec(message)?.[1])).toEqual(['writes', 'reads']);
    expect(serverRules).toHaveLength(1);
  });

  test('leaves room for the loss of one pooler of several', () => {
    fc.assert(
      fc.property(budget, (given) => {
        const { maxReplicas, writePool, poolerInstances, maxClientConnections } = given;
        fc.pre(poolerInstances > 1 && overdrawnFields(given).length === 0);
        expect(maxReplicas * writePool).toBeLessThanOrEqual((poolerInstances - 1) * maxClientConnections);
      }),
    );
  });

  test('is judged as the AuthCluster resource judges it', () => {
    fc.assert(
      fc.property(budget, (given) => {
        const spec = specOf(given);
        const accepted =
          clientRules.every(({ holds }) => holds(spec)) && serverRules.every(({ holds }) => holds(spec.postgres));
        expect(overdrawnFields(given)).toEqual(accepted ? [] : expect.arrayContaining([expect.any(String)]));
        expect(overdrawnFields(given).length > 0).toBe(!accepted);
      }),
      { numRuns: 1000 },
    );
  });

  test('the defaults of the resource add up', () => {
    const defaults = { maxReplicas: 12, writePool: 50, readPool: 100, readReplicas: 2, poolerInstances: 3 };
    expect(overdrawnFields({ ...defaults, maxClientConnections: 1000, maxConnections: 200 })).toEqual([]);
  });

  test('what is computed for it satisfies it', () => {
    fc.assert(
      fc.property(budget, fc.integer({ min: 1, max: 100 }), (given, perPooler) => {
        const largestPool = Math.max(given.writePool, given.readPool);
        const maxConnections = maxConnectionsFor(perPooler, given.poolerInstances);
        const computed = {
          ...given,
          maxClientConnections: clientConnectionsFor(given.maxReplicas, largestPool, given.poolerInstances),
          maxConnections,
        };
        expect(overdrawnFields(computed)).toEqual([]);
        expect(serverConnectionsPerPooler(computed)).toBeGreaterThanOrEqual(perPooler);
      }),
    );
  });
});
