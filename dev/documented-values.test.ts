import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { runCommand } from './command.ts';
import { blocksUnder } from './markdown.ts';

const GUIDES = 'docs/how-to';

/** The first YAML under a heading of a guide. */
async function documented(page: string, heading: string) {
  const [text = ''] = blocksUnder(await readFile(path.join(GUIDES, page), 'utf8'), heading, 'yaml');
  return parse(text);
}

/** What the chart makes of values; rejects where it does not know one, or where they are of another form. */
async function render(values: object): Promise<string> {
  const file = path.join(await mkdtemp(path.join(tmpdir(), 'authcluster-values-')), 'values.yaml');
  await writeFile(file, stringify(values));
  const chart = ['authcluster-operator', 'helm/authcluster-operator', '--namespace', 'authcluster-system'];
  return runCommand('helm', ['template', ...chart, '--values', file]);
}

describe('the chart takes the values', () => {
  test('of an Application of Argo CD, where no Job upgrades the definition', async () => {
    const { spec } = await documented('gitops.md', 'Argo CD');
    expect(spec.source.path).toBe('helm/authcluster-operator');
    expect(await render(spec.source.helm.valuesObject)).not.toContain('kind: Job');
  });

  test('of a HelmRelease of Flux, likewise', async () => {
    const { spec } = await documented('gitops.md', 'Flux');
    expect(spec.chart.spec.chart).toBe('helm/authcluster-operator');
    expect(await render(spec.values)).not.toContain('kind: Job');
  });

  test('that declare an AuthCluster', async () => {
    const values = await documented('gitops.md', 'AuthClusters in the release of the operator');
    expect(await render(values)).toMatch(/^kind: AuthCluster\nmetadata:\n {2}name: "demo"\n {2}namespace: "auth"$/m);
  });

  test('that name images, each of them', async () => {
    const values = await documented('use-your-own-cluster.md', 'Try the quick start on it');
    const rendered = await render(values);
    const images = Object.values(values.images).flatMap((image) =>
      typeof image === 'string' ? image : Object.values(image as Record<string, string>),
    );
    expect(images.filter((image) => !rendered.includes(image))).toEqual([]);
    expect(rendered).not.toContain('ghcr.io/');
  });
});
