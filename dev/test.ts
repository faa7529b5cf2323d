/**
 * `make test`: every layer of checks and tests, each after the set-up that it needs. Goes on after a failure, so that
 * one run says all that is wrong. Usage: test.ts [layer]...; without a layer, all of them but those on demand.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { CommandError } from './command.ts';
import { LAYERS, type Layer, ON_DEMAND, type Print } from './test/layers.ts';
import { countsLine, failure, type Outcome, refuseEmpty, sum } from './test/outcome.ts';

const COUNTS_FILE = '.make/test/counts';
const print: Print = (line) => process.stdout.write(`${line}\n`);

interface Result {
  name: string;
  outcome: Outcome;
  seconds: number;
}

function chosenLayers(names: readonly string[]): readonly Layer[] {
  const known = [...LAYERS, ...ON_DEMAND];
  const unknown = names.filter((name) => !known.some((layer) => layer.name === name));
  if (unknown.length > 0) {
    throw new RangeError(`no layer ${unknown.join(', ')}; there are ${known.map(({ name }) => name).join(', ')}`);
  }
  return names.length === 0 ? LAYERS : known.filter(({ name }) => names.includes(name));
}

async function runLayer({ name, run }: Layer): Promise<Result> {
  const started = Date.now();
  print(`\n==> ${name}`);
  const outcome = await run(print).catch((error: unknown) => failure(describe(error)));
  return { name, outcome: refuseEmpty(outcome), seconds: Math.round((Date.now() - started) / 1000) };
}

/** What a program said last tells most. */
function describe(error: unknown): string {
  if (!(error instanceof CommandError)) return error instanceof Error ? error.message : String(error);
  const lastWords = error.stderr.trim().split('\n').at(-1);
  return `${error.command} ended with exit code ${error.exitCode}${lastWords ? `: ${lastWords}` : ''}`;
}

function printSummary(results: readonly Result[]): void {
  print('');
  for (const { name, outcome, seconds } of results) {
    print(`${name.padEnd(12)} ${countsLine(outcome).padEnd(36)} ${String(seconds).padStart(5)} s`);
    for (const note of outcome.notes) print(`             - ${note}`);
  }
  print('');
}

async function main(names: readonly string[]): Promise<number> {
  await mkdir('.make/test', { recursive: true });
  await rm(COUNTS_FILE, { force: true });
  const results: Result[] = [];
  for (const layer of chosenLayers(names)) results.push(await runLayer(layer));
  printSummary(results);
  const total = sum(results.map(({ outcome }) => outcome));
  await writeFile(COUNTS_FILE, `${countsLine(total)}\n`);
  print(countsLine(total));
  return total.failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
