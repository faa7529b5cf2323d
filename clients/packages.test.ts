import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';

const run = promisify(execFile);

interface Packed {
  readonly name: string;
  readonly files: readonly { readonly path: string }[];
}

interface Manifest {
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>;
}

/** Builds, as publishing would. */
async function pack(directory: string): Promise<Packed> {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--silent'], { cwd: directory });
  const [packed] = Object.values(JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as Record<string, Packed>);
  if (packed === undefined) throw new Error('nothing was packed');
  return packed;
}

describe.each([
  ['@authcluster/client', 'typescript', ['createAuthClient', 'ProblemError', 'memoryStorage'], ['.']],
  ['@authcluster/middleware', 'middleware', ['expressAuth', 'fastifyAuth'], ['./express', './fastify']],
])('%s', (name, folder, names, subpaths) => {
  const directory = fileURLToPath(new URL(folder, import.meta.url));

  let packed: Packed;
  beforeAll(async () => {
    packed = await pack(directory);
  }, 240_000);

  test('is packed with what its exports name, and without tests and sources', async () => {
    const manifest = JSON.parse(await readFile(`${directory}/package.json`, 'utf8')) as Manifest;
    const exported = Object.values(manifest.exports).flatMap((entry) => [entry.types, entry.default]);
    const paths = packed.files.map(({ path }) => path);
    const needed = ['README.md', 'package.json', ...exported.map((path) => path.slice('./'.length))];
    expect([packed.name, Object.keys(manifest.exports)]).toEqual([name, subpaths]);
    expect(paths).toEqual(expect.arrayContaining(needed));
    expect(paths.filter((path) => /test|fake|src/.test(path))).toEqual([]);
  });

  test('is imported by its name', async () => {
    const specifiers = subpaths.map((subpath) => name + subpath.slice(1));
    const modules = `await Promise.all(${JSON.stringify(specifiers)}.map((name) => import(name)))`;
    const print = `console.log(JSON.stringify((${modules}).flatMap(Object.keys)))`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', print], { cwd: directory });
    expect((JSON.parse(stdout) as string[]).sort()).toEqual([...names].sort());
  }, 60_000);
});
