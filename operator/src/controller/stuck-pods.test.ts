import { describe, expect, test } from '@jest/globals';
import type { ContainerStatus, Pod } from '../kubernetes/objects.ts';
import { whyStuck } from './stuck-pods.ts';

const WAITING = { reason: 'CrashLoopBackOff', message: 'back-off 10s restarting failed container' };

const ENDED = { exitCode: 1, reason: 'Error', message: 'Secret tls does not hold tls.crt\n' };

function pod(status: Pod['status']): Pod {
  const metadata = { name: 'gateway-1', namespace: 'n', uid: 'u', resourceVersion: '1' };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: {}, ...(status === undefined ? {} : { status }) };
}

function container(change: Partial<ContainerStatus>): ContainerStatus {
  return { name: 'nginx', ready: false, restartCount: 1, ...change };
}

describe('why a pod does not run', () => {
  test.each([
    ['before the next attempt', { state: { waiting: WAITING }, lastState: { terminated: ENDED } }],
    ['right after an attempt', { state: { terminated: ENDED } }],
    ['during the next attempt', { state: {}, lastState: { terminated: ENDED } }],
  ])('is what an init container said when it failed, %s', (_, change) => {
    const initContainerStatuses = [container({ name: 'check', ...change })];
    expect(whyStuck(pod({ initContainerStatuses }))).toEqual({
      pod: 'gateway-1',
      reason: 'Error',
      message: 'container check: Secret tls does not hold tls.crt',
    });
  });

  test('is nothing any more once the init container has ended well', () => {
    const change = { state: { terminated: { exitCode: 0 } }, lastState: { terminated: ENDED } };
    expect(whyStuck(pod({ initContainerStatuses: [container(change)] }))).toBeUndefined();
  });

  test.each([
    ['between two attempts', { state: { waiting: WAITING }, lastState: { terminated: ENDED } }],
    ['during the next attempt', { state: {}, lastState: { terminated: ENDED } }],
  ])('is what a container said when it failed, %s', (_, change) => {
    expect(whyStuck(pod({ containerStatuses: [container(change)] }))).toMatchObject({
      reason: 'Error',
      message: 'container nginx: Secret tls does not hold tls.crt',
    });
  });

  test('is where to look, for a container that said nothing', () => {
    const lastState = { terminated: { exitCode: 2 } };
    const containerStatuses = [container({ state: { waiting: WAITING }, lastState })];
    expect(whyStuck(pod({ containerStatuses }))).toMatchObject({
      message: 'container nginx ended with exit code 2: see kubectl logs -n n gateway-1 -c nginx --previous',
    });
  });

  test('is nothing once the container is ready, however often it failed before', () => {
    const containerStatuses = [container({ ready: true, lastState: { terminated: ENDED } })];
    expect(whyStuck(pod({ containerStatuses }))).toBeUndefined();
  });

  test('is no concern of a pod that is over', () => {
    const containerStatuses = [container({ state: { terminated: ENDED } })];
    expect(whyStuck(pod({ phase: 'Failed', containerStatuses }))).toBeUndefined();
  });

  test('is what the kubelet says of an image, and what to do about it', () => {
    const waiting = { reason: 'ImagePullBackOff', message: 'Back-off pulling image "api:2"' };
    expect(whyStuck(pod({ containerStatuses: [container({ state: { waiting } })] }))).toEqual({
      pod: 'gateway-1',
      reason: 'ImagePullBackOff',
      message: 'Back-off pulling image "api:2". Next: correct the image, or let the nodes pull it (imagePullSecrets)',
    });
  });

  test('is that no node takes it, before it has containers', () => {
    const conditions = [{ type: 'PodScheduled', status: 'False' as const, reason: 'Unschedulable', message: 'no CPU' }];
    expect(whyStuck(pod({ conditions }))).toMatchObject({
      reason: 'Unschedulable',
      message: 'no CPU. Next: add nodes, or change what the pod asks for: resources, scheduling, storage class',
    });
  });

  test('is nothing while it starts', () => {
    const containerStatuses = [container({ state: { waiting: { reason: 'PodInitializing' } } })];
    expect(whyStuck(pod({ containerStatuses }))).toBeUndefined();
  });
});
