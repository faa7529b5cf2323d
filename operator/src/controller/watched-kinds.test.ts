import { describe, expect, test } from '@jest/globals';
import { ObjectCache } from '../kubernetes/cache.ts';
import { FakeApiServer } from '../testing/fake-api-server.ts';
import { watchedKinds } from './watched-kinds.ts';

/** What the watches of an operator over these namespaces ask for first. */
async function listed(namespaces: readonly string[]): Promise<string[]> {
  const server = new FakeApiServer();
  const paths: string[] = [];
  server.intercept = ({ path }) => void paths.push(path);
  const stop = new AbortController();
  const cache = new ObjectCache(server, {
    kinds: watchedKinds(namespaces),
    namespaces,
    now: () => 0,
    random: () => 0,
    onProblem: () => undefined,
  });
  void cache.run(stop.signal);
  await cache.untilSynced(AbortSignal.timeout(10_000));
  stop.abort();
  return paths;
}

describe('the watches', () => {
  test('are of the whole cluster, nodes included, or of the namespaces that are named and nothing else', async () => {
    const everywhere = await listed([]);
    expect(everywhere).toContain('/api/v1/nodes');
    expect(everywhere.filter((path) => path.includes('/namespaces/'))).toEqual([]);
    const some = await listed(['blue', 'green']);
    expect(some.filter((path) => !/\/namespaces\/(blue|green)\/[a-z]+$/.test(path))).toEqual([]);
    expect(some).toHaveLength(2 * (everywhere.length - 1));
  });

  test('are of what belongs to an AuthCluster alone', () => {
    const unfiltered = watchedKinds([]).filter(({ labelSelector }) => labelSelector === undefined);
    expect(unfiltered.map(({ kind }) => kind)).toEqual(['AuthCluster', 'Node']);
  });

  test('are of metadata alone where nobody reads more, Secrets above all', () => {
    const kinds = watchedKinds([]).filter(({ metadataOnly }) => metadataOnly);
    expect(kinds.map(({ kind }) => kind).sort()).toEqual(
      ['ConfigMap', 'Role', 'RoleBinding', 'Secret', 'ServiceAccount'].sort(),
    );
  });
});
