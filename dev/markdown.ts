import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from './command.ts';

/** A fenced block, with the heading of the second level that it stands under. */
export interface FencedBlock {
  heading: string;
  language: string;
  text: string;
}

/** What a page has before its first heading. */
export const INTRODUCTION = '';

export interface DocumentedBlock extends FencedBlock {
  /** From the folder of the repository. */
  page: string;
}

const ROOT = path.join(import.meta.dirname, '..');

/** Every fenced block of every page that is kept here. */
export async function documentedBlocks(): Promise<DocumentedBlock[]> {
  const pages = (await runCommand('git', ['ls-files', '*.md'], { directory: ROOT })).trim().split('\n');
  const written = pages.filter((page) => page !== 'CHANGELOG.md' && existsSync(path.join(ROOT, page)));
  return (await Promise.all(written.map(blocksOf))).flat();
}

async function blocksOf(page: string): Promise<DocumentedBlock[]> {
  const markdown = await readFile(path.join(ROOT, page), 'utf8');
  return fencedBlocks(markdown).map((block) => ({ page, ...block }));
}

/** The fenced blocks of a page, in their order. What looks like a heading inside of one is none. */
function fencedBlocks(markdown: string): FencedBlock[] {
  const pieces = markdown.matchAll(/^```(\w*)\n(.*?)^```$|^## ([^\n]+)$/gms);
  const blocks: FencedBlock[] = [];
  let heading = INTRODUCTION;
  for (const [, language, text = '', title] of pieces) {
    if (language === undefined) heading = title ?? '';
    else blocks.push({ heading, language, text });
  }
  return blocks;
}

/** The texts of one language under a heading. Throws where there are none: a test that runs nothing would say nothing. */
export function blocksUnder(markdown: string, heading: string, language: string): string[] {
  const chosen = fencedBlocks(markdown).filter((block) => block.heading === heading && block.language === language);
  if (chosen.length === 0) throw new Error(`there is no ${language} under "${heading}"`);
  return chosen.map(({ text }) => text);
}

/** Whether a block of YAML is an AuthCluster, or the spec of one. */
export function isAuthCluster({ language, text }: FencedBlock): boolean {
  return language === 'yaml' && (/^kind: AuthCluster$/m.test(text) || /^spec:$/m.test(text.split('\n', 1)[0] ?? ''));
}
