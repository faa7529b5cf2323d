import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { newestRelease, type ReleasedCluster, tiersOf, untoldRestarts } from '../testing/restarts.ts';
import { clusterWith, SAMPLES, sampleCluster } from '../testing/sample-clusters.ts';

/** Written once, by the commit that makes a release: `UPDATE_RELEASED=1 npm test -w operator -- released`. */
const RECORD = join(import.meta.dirname, 'golden/released.yaml');
const CHANGELOG = readFileSync(resolve(import.meta.dirname, '../../../CHANGELOG.md'), 'utf8');

interface Release {
  version: string | undefined;
  clusters: ReleasedCluster[];
}

function asReleased(name: string, spec: object): ReleasedCluster {
  return { name, spec, tiers: tiersOf({ name, spec }) };
}

/** Before the first release there is none, and nobody's pods that could be restarted. */
function recorded(): Release {
  return existsSync(RECORD) ? parse(readFileSync(RECORD, 'utf8')) : { version: undefined, clusters: [] };
}

test('AuthClusters of the last release go on untouched, but for what CHANGELOG.md names below "### Restarts"', () => {
  if (process.env.UPDATE_RELEASED === '1') {
    const clusters = SAMPLES.map(sampleCluster).map(({ metadata, spec }) => asReleased(metadata.name, spec));
    writeFileSync(RECORD, stringify({ version: newestRelease(CHANGELOG), clusters }, { aliasDuplicateObjects: false }));
  }
  const { version, clusters } = recorded();
  expect(version).toBe(newestRelease(CHANGELOG));
  expect(untoldRestarts(clusters, CHANGELOG)).toEqual([]);
});

describe('a restart that a release brings', () => {
  const silent =
    '## [Unreleased]\n\n### Added\n- `postgres` is not told here.\n\n## [0.1.0]\n### Restarts\n- `postgres`\n';
  const telling = '## [Unreleased]\n### Restarts\n- `postgres`: for more slots.\n\n### Added\n- `redis`\n';
  const { spec } = clusterWith({}, 'shop');

  /** What the last release made of these fields of the spec is what this one makes of the defaults. */
  function madeDifferently(fields: object): ReleasedCluster {
    return { ...asReleased('shop', spec), tiers: tiersOf({ name: 'shop', spec: clusterWith(fields).spec }) };
  }

  test.each([
    ['a parameter that takes a restart', { postgres: { parameters: { max_connections: '300' } } }, ['postgres']],
    ['another shape of database pods', { postgres: { scheduling: { nodeSelector: { disk: 'fast' } } } }, ['postgres']],
    ['another claim', { postgres: { storage: { storageClassName: 'other' } } }, ['postgres']],
    ['another template', { redis: { scheduling: { nodeSelector: { disk: 'fast' } } } }, ['redis']],
    ['another configuration', { gateway: { rateLimits: { login: { burst: 7 } } } }, ['gateway']],
  ])('is found: %s', (_, fields, tiers) => {
    expect(untoldRestarts([madeDifferently(fields)], silent)).toEqual(tiers);
  });

  test('is told by the name of its tier, for the release to come', () => {
    const database = madeDifferently({ postgres: { parameters: { max_connections: '300' } } });
    expect(untoldRestarts([database], telling)).toEqual([]);
    const both = madeDifferently({
      postgres: { parameters: { max_connections: '300' } },
      redis: { scheduling: { nodeSelector: { disk: 'fast' } } },
    });
    expect(untoldRestarts([both], telling)).toEqual(['redis']);
  });

  test('is none where pods stay as they are', () => {
    const reloaded = madeDifferently({ postgres: { parameters: { work_mem: '9MB' } } });
    expect(untoldRestarts([asReleased('shop', spec), reloaded], silent)).toEqual([]);
  });
});
