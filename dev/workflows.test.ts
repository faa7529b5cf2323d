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
  strategy?: { matrix: { image: string[]; include: { image?: string; prefix?: string }[] } };
  env?: Record<string, string>;
  steps: { name?: string; run?: string; with?: Record<string, string> }[];
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
    expect(await runStep('test', step, { TAG: `v${appVersion}` })).toBe(`version=${appVersion}\n`);
    await expect(runStep('test', step, { TAG: 'v987.6.5' })).rejects.toThrow('exit code 1');
  });

  test('makes every image that the chart names, under that name', async () => {
    expect(namesOf('joined-images', jobs['joined-images']?.env?.NAME).sort()).toEqual((await imagesOfChart()).sort());
  });

  test('joins what was built for each architecture', () => {
    const built = jobs.images?.steps.find(({ name }) => name === 'Build, and push')?.with?.tags;
    const joined = namesOf('joined-images', jobs['joined-images']?.env?.NAME);
    expect(namesOf('images', built)).toEqual(joined.map((name) => `${name}-amd64`));
  });

  /** What an expression stands for, of each image of a job. */
  function namesOf(job: string, expression = ''): string[] {
    const { image = [], include = [] } = jobs[job]?.strategy?.matrix ?? {};
    return image.map((each) => {
      const values: Record<string, string | undefined> = {
        'env.REPOSITORY': 'ghcr.io/authcluster',
        'github.repository_owner': 'authcluster',
        'needs.test.outputs.version': appVersion,
        'matrix.image': each,
        'matrix.prefix': include.find(({ image, prefix }) => image === each && prefix)?.prefix,
        'matrix.architecture': 'amd64',
      };
      return expression.replace(/\$\{\{ ([\w.]+) \}\}/g, (_, name: string) => values[name] ?? '');
    });
  }
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
