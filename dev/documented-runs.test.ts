import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { documentedBlocks, isAuthCluster } from './markdown.ts';

/** What documented-runs.yaml says of a section. */
interface Runs {
  sh?: number;
  yaml?: number;
  by?: string | string[];
  not?: string;
}
type Sections = Record<string, Runs>;

/** Languages under which a page might show commands. */
const SHELLS = ['sh', 'bash', 'shell', 'console'];

let runners: Record<string, string | string[]>;
let listed: Record<string, Sections>;
beforeAll(async () => {
  ({ runners, pages: listed } = parse(await readFile(path.join(import.meta.dirname, 'documented-runs.yaml'), 'utf8')));
});

function entries(): [page: string, heading: string, runs: Runs][] {
  return Object.entries(listed).flatMap(([page, sections]) =>
    Object.entries(sections).map(([heading, runs]) => [page, heading, runs] as [string, string, Runs]),
  );
}

/** How many blocks of either kind each section has. */
async function documented(): Promise<Record<string, Record<string, { sh?: number; yaml?: number }>>> {
  const counted: Record<string, Record<string, { sh?: number; yaml?: number }>> = {};
  for (const block of await documentedBlocks()) {
    const kind = SHELLS.includes(block.language) ? 'sh' : block.language;
    if ((kind !== 'sh' && kind !== 'yaml') || isAuthCluster(block)) continue;
    counted[block.page] ??= {};
    const sections = counted[block.page] ?? {};
    const section = sections[block.heading] ?? {};
    sections[block.heading] = { ...section, [kind]: (section[kind] ?? 0) + 1 };
  }
  return counted;
}

async function readRunner(name: string): Promise<string> {
  const files = runners[name];
  if (files === undefined) throw new Error(`there is no runner ${name}`);
  const root = path.join(import.meta.dirname, '..');
  return (await Promise.all([files].flat().map((file) => readFile(path.join(root, file), 'utf8')))).join('\n');
}

/** A runner names the pages and the headings whose blocks it takes; '' it calls INTRODUCTION. */
async function namesBoth(runner: string, page: string, heading: string): Promise<boolean> {
  const source = await readRunner(runner);
  const named = heading === '' ? /\bINTRODUCTION\b/.test(source) : source.includes(`'${heading}'`);
  return named && source.includes(`${path.basename(page)}'`);
}

describe('the commands of the documentation', () => {
  test('are each run by a test, or listed with the reason why not', async () => {
    const counts = Object.fromEntries(
      Object.entries(listed).map(([page, sections]) => [
        page,
        Object.fromEntries(Object.entries(sections).map(([heading, { by, not, ...count }]) => [heading, count])),
      ]),
    );
    expect(counts).toEqual(await documented());
  });

  test('have either a runner or a reason', () => {
    const without = entries().filter(([, , { by, not }]) => (by ?? '') === '' && (not ?? '') === '');
    expect(without).toEqual([]);
  });

  test('are named by the tests that are said to run them', async () => {
    const claims = entries().flatMap(([page, heading, { by = [] }]) =>
      [by].flat().map((runner) => ({ runner, page, heading })),
    );
    const missing = await Promise.all(
      claims.map(async (claim) => ((await namesBoth(claim.runner, claim.page, claim.heading)) ? [] : [claim])),
    );
    expect(missing.flat()).toEqual([]);
    expect(claims.length).toBeGreaterThan(90);
  });
});
