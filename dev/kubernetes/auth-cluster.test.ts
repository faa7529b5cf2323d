import { describe, expect, test } from '@jest/globals';
import { type AuthClusterObject, blockingCondition, type Condition, describeCondition } from './auth-cluster.ts';

function authCluster(observedGeneration: number, ...conditions: Condition[]): AuthClusterObject {
  return {
    apiVersion: 'authcluster.dev/v1alpha1',
    kind: 'AuthCluster',
    metadata: { name: 'demo', uid: 'u', generation: 2 },
    spec: {},
    status: { observedGeneration, conditions },
  };
}

describe('what an AuthCluster waits for', () => {
  test('is nothing once it is Ready', () => {
    expect(blockingCondition(authCluster(2, { type: 'Ready', status: 'True' }))).toBeUndefined();
  });

  test('is the operator, while the status speaks of an older spec', () => {
    expect(blockingCondition(authCluster(1, { type: 'Ready', status: 'True' }))?.status).toBe('Unknown');
  });

  test('is the upgraded operator, while the status speaks of another image', () => {
    const ready = authCluster(2, { type: 'Ready', status: 'True' });
    const cluster = { ...ready, status: { ...ready.status, api: { image: 'auth-api:1' } } };
    expect(blockingCondition(cluster, 'auth-api:2')?.type).toBe('ApiReady');
    expect(blockingCondition(cluster, 'auth-api:1')).toBeUndefined();
  });

  test('is the first tier that is not ready, in the order in which they come up', () => {
    const blocking = blockingCondition(
      authCluster(
        2,
        { type: 'Ready', status: 'False', reason: 'Waiting' },
        { type: 'ApiReady', status: 'False', reason: 'Waiting' },
        { type: 'DatabaseReady', status: 'True' },
        { type: 'PoolerReady', status: 'False', reason: 'NoInstance', message: 'no pooler is ready' },
      ),
    );
    expect(blocking && describeCondition(blocking)).toBe('PoolerReady: no pooler is ready (NoInstance)');
  });
});
