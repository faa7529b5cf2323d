import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { runCommand } from './command.ts';

describe('the documentation', () => {
  test('has no link to a file or a heading that is not there', async () => {
    const root = path.join(import.meta.dirname, '..');
    const pages = (await runCommand('git', ['ls-files', '*.md'], { directory: root })).trim().split('\n');
    const broken = await Promise.all(pages.filter((page) => existsSync(path.join(root, page))).map(brokenLinks(root)));
    expect(broken.flat()).toEqual([]);
    expect(pages.length).toBeGreaterThan(10);
  });
});

/** Links to elsewhere on the web are left alone: whether they answer is not this tree's doing. */
function brokenLinks(root: string): (page: string) => Promise<string[]> {
  return async (page) => {
    const text = (await readFile(path.join(root, page), 'utf8')).replace(/```[\s\S]*?```|`[^`\n]*`/g, '');
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link]) => link ?? '')
      .filter((link) => !/^[a-z]+:/.test(link));
    const broken = await Promise.all(
      links.map(async (link) => ((await leadsSomewhere(root, page, link)) ? [] : [link])),
    );
    return broken.flat().map((link) => `${page}: ${link}`);
  };
}

async function leadsSomewhere(root: string, page: string, link: string): Promise<boolean> {
  const [file = '', heading] = link.split('#');
  const target = path.join(root, file === '' ? page : path.join(path.dirname(page), file));
  if (!existsSync(target)) return false;
  if (heading === undefined || !target.endsWith('.md')) return true;
  return anchors(await readFile(target, 'utf8')).has(heading);
}

/** What a heading is called in a link: lower case, without punctuation, with dashes for spaces. */
function anchors(markdown: string): Set<string> {
  const headings = [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
  const named = [...markdown.matchAll(/(?:id|name)="([^"]+)"/g)].map(([, name = '']) => name);
  return new Set([...headings, ...named]);
}
