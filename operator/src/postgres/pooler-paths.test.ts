import { describe, expect, test } from '@jest/globals';
import type { Pod } from '../kubernetes/objects.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { type PathAnswer, PoolerPaths } from './pooler-paths.ts';

const asked = { login: { user: 'auth_app', password: 'word' }, under: 'leader-0' };

function pooler(name: string, component: 'pooler-rw' | 'pooler-ro', ready = true): Pod {
  const labels = { 'app.kubernetes.io/component': component };
  const metadata = { name, namespace: 'n', uid: `uid-${name}`, resourceVersion: '1', labels };
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: {}, status: { conditions } } as unknown as Pod;
}

const PODS = [pooler('rw', 'pooler-rw'), pooler('ro', 'pooler-ro')];

/** What pods answer, by name; how often anybody asked. */
function poolers(answers: Record<string, PathAnswer | Error>) {
  const clock = new FakeClock();
  const tries: string[] = [];
  const paths = new PoolerPaths(
    async ({ metadata }) => {
      tries.push(metadata.name);
      const answer = answers[metadata.name];
      if (answer instanceof Error || answer === undefined) throw answer;
      return answer;
    },
    () => clock.now(),
  );
  const seen = async (pods = PODS, question = asked) => {
    paths.through('n/x', pods, question);
    await new Promise(setImmediate);
    return paths.through('n/x', pods, question);
  };
  return { paths, clock, tries, seen };
}

const PRIMARY = { inRecovery: false };
const REPLICA = { inRecovery: true };

describe('the ways through poolers', () => {
  test('are not known before somebody has answered', () => {
    const { paths } = poolers({ rw: PRIMARY, ro: REPLICA });
    expect(paths.through('n/x', PODS, asked)).toEqual({
      readWrite: { kind: 'unknown' },
      readOnly: { kind: 'unknown' },
    });
  });

  test('work when a login through them is answered', async () => {
    const { seen } = poolers({ rw: PRIMARY, ro: REPLICA });
    expect(await seen()).toEqual({ readWrite: { kind: 'works' }, readOnly: { kind: 'works' } });
  });

  test('are broken when it is refused, and the pod and the answer are told', async () => {
    const { seen } = poolers({ rw: new Error('password authentication failed'), ro: REPLICA });
    const message = 'a login through rw failed: password authentication failed';
    expect((await seen()).readWrite).toEqual({ kind: 'broken', message });
  });

  test('do not lead writes to a server that only reads', async () => {
    const { seen } = poolers({ rw: REPLICA, ro: REPLICA });
    expect((await seen()).readWrite).toEqual({ kind: 'broken', message: 'rw leads to a server that only reads' });
  });

  test('are there as long as one pod has one', async () => {
    const { seen } = poolers({ rw: new Error('no'), other: PRIMARY });
    expect((await seen([...PODS, pooler('other', 'pooler-rw')])).readWrite).toEqual({ kind: 'works' });
  });

  test('do not count of pods that are not ready', async () => {
    const { seen, tries } = poolers({ rw: PRIMARY });
    expect((await seen([pooler('rw', 'pooler-rw', false)])).readWrite).toEqual({ kind: 'unknown' });
    expect(tries).toEqual([]);
  });

  test('are tried again after a while, and sooner where they are broken', async () => {
    const { seen, tries, clock } = poolers({ rw: PRIMARY, ro: new Error('no') });
    await seen();
    clock.advance(2000);
    await seen();
    expect(tries).toEqual(['rw', 'ro', 'ro']);
    clock.advance(18_000);
    await seen();
    expect(tries).toEqual(['rw', 'ro', 'ro', 'rw', 'ro']);
  });

  test('are unknown again under another leader, and with another password', async () => {
    const { seen, paths } = poolers({ rw: PRIMARY, ro: REPLICA });
    for (const other of [
      { ...asked, under: 'leader-1' },
      { ...asked, login: { user: 'auth_app', password: 'other' } },
    ]) {
      await seen();
      expect(paths.through('n/x', PODS, other).readWrite).toEqual({ kind: 'unknown' });
    }
  });
});
