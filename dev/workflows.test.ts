import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { runCommand } from './command.ts';

const WORKFLOWS = '.github/workflows';

/** A tag can be moved by whoever takes over an action's repository: only a commit stays what was looked at. */
test('every action is named by its commit, with the release as a comment', async () => {
  const texts = await Promise.all((await readdir(WORKFLOWS)).map((file) => readFile(`${WORKFLOWS}/${file}`, 'utf8')));
  const uses = texts.flatMap((text) => text.split('\n')).filter((line) => /\buses:/.test(line));
  expect(uses.length).toBeGreaterThan(0);
  expect(uses.filter((line) => !/uses: [\w./-]+@[0-9a-f]{40} # v[\d.]+$/.test(line))).toEqual([]);
});

interface Job {
  strategy?: { matrix: { include: { image: string; file: string; prefix: string }[] } };
  steps: { name?: string; run?: string }[];
}

/** What of it needs no GitHub, no registry and no signature. */
describe('the release workflow', () => {
  let jobs: Record<string, Job>;
  let appVersion: string;
  beforeAll(async () => {
    ({ jobs } = parse(await readFile(`${WORKFLOWS}/release.yaml`, 'utf8')));
    ({ appVersion } = parse(await readFile('helm/authcluster-operator/Chart.yaml', 'utf8')));
  });

  /** Runs a step as it stands there, as GitHub's runner does; resolves with its outputs. */
  async function runStep(job: string, step: string, environment: Record<string, string>): Promise<string> {
    const commands = jobs[job]?.steps.find(({ name }) => name === step)?.run;
    if (commands === undefined) throw new Error(`the job ${job} has no step "${step}" with commands`);
    const output = path.join(await mkdtemp(path.join(tmpdir(), 'authcluster-release-')), 'output');
    await runCommand('bash', ['-eo', 'pipefail', '-c', commands], {
      environment: { ...environment, GITHUB_OUTPUT: output },
    });
    return readFile(output, 'utf8').catch(() => '');
  }

  test('takes the tag of the version that chart and packages have, and no other', async () => {
    const step = 'The tag is the version of the chart and of the npm packages';
    await runStep('test', step, { TAG: `v${appVersion}` });
    await expect(runStep('test', step, { TAG: 'v987.6.5' })).rejects.toThrow('exit code 1');
  });

  test('makes every image that the chart names, under that name', async () => {
    const matrix = jobs.images?.strategy?.matrix.include ?? [];
    const made = matrix.map(async ({ image, prefix }) => {
      const environment = { TAG: `v${appVersion}`, IMAGE: image, PREFIX: prefix, REPOSITORY: 'ghcr.io/authcluster' };
      const lines = (await runStep('images', 'Name of the image', environment)).trim().split('\n');
      const { repository, tag } = Object.fromEntries(lines.map((line) => line.split('=')));
      return `${repository}:${tag}`;
    });
    expect((await Promise.all(made)).sort()).toEqual((await imagesOfChart()).sort());
  });
});

/** What is pulled where the chart is installed without values. */
async function imagesOfChart(): Promise<string[]> {
  const rendered = await readFile('manifests/install.yaml', 'utf8');
  const deployment = parseAllDocuments(rendered)
    .map((document) => document.toJS())
    .find((object) => object?.kind === 'Deployment');
  const named = JSON.stringify(deployment).match(/ghcr\.io\/[\w./-]+:[\w.-]+/g) ?? [];
  return [...new Set(named)];
}
