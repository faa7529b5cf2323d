import { describe, expect, test } from '@jest/globals';
import { eventually } from '../../dev/eventually.ts';
import type { LiveObject } from '../src/kubernetes/objects.ts';
import { settledLife } from './harness/settled-life.ts';
import { sharedControlPlane } from './harness/shared-control-plane.ts';

type Sized = LiveObject & { spec: { replicas?: number; maxReplicas?: number } };
interface ApiEvent extends LiveObject {
  reason: string;
  note: string;
  series?: { count: number };
}

const life = settledLife(sharedControlPlane());

async function find<T extends LiveObject>(kind: string, name: string): Promise<T | undefined> {
  const objects = await life.objects(kind);
  return objects.find(({ metadata }) => metadata.name === name) as T | undefined;
}

async function takenBack(): Promise<ApiEvent[]> {
  return ((await life.objects('Event')) as ApiEvent[]).filter(({ reason }) => reason === 'FieldsTakenBack');
}

describe('what somebody else does to an object', () => {
  test('is undone within seconds where the AuthCluster decides, and is told with the name of who did it', async () => {
    const set = async (maxReplicas: number) => {
      await life.patch('HorizontalPodAutoscaler', 'acme-api', { spec: { maxReplicas } }, 'kubectl-edit');
      await eventually(async () => {
        expect((await find<Sized>('HorizontalPodAutoscaler', 'acme-api'))?.spec.maxReplicas).toBe(12);
      }, 10_000);
    };
    await set(99);
    const note = 'kubectl-edit had set .spec.maxReplicas, which the AuthCluster decides: set back';
    await eventually(async () => expect((await takenBack()).map((event) => event.note)).toEqual([note]), 10_000);
    // Again and again is one event, counted.
    await set(98);
    await set(97);
    await eventually(async () => {
      const events = await takenBack();
      expect(events.map(({ series }) => series?.count)).toEqual([3]);
    }, 10_000);
  });

  test('stays where it is no matter of the AuthCluster: sizes under an autoscaler, labels, annotations', async () => {
    const marks = { labels: { team: 'shop' }, annotations: { 'example.com/note': 'ours' } };
    await life.patch('Deployment', 'acme-gateway', { metadata: marks, spec: { replicas: 9 } }, 'somebody');
    await life.toRest();
    const live = await find<Sized>('Deployment', 'acme-gateway');
    expect(live?.spec.replicas).toBe(9);
    expect(live?.metadata).toMatchObject(marks);
  });

  test('is undone where an object was deleted', async () => {
    const before = await find('Service', 'acme-gateway');
    await life.delete('Service', 'acme-gateway');
    await eventually(async () => {
      const after = await find('Service', 'acme-gateway');
      expect(after?.metadata.uid).toEqual(expect.any(String));
      expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
    }, 10_000);
  });

  test('without it, a look at everything writes nothing', async () => {
    await life.toRest();
    const calls = () => life.operators.flatMap(({ transport }) => transport.calls).length;
    const before = calls();
    life.clock.skip(61_000);
    await life.untilQuiet();
    expect(calls()).toBe(before);
  });
});
