import type { AccountImporter, ImportedAccount, ImportOutcome } from './ports/account-transfer.ts';
import { DependencyUnavailableError } from './ports/dependency-unavailable.ts';
import { addressKey } from './username.ts';

/** Where a line is at fault (RFC 6901, into the line) and how. */
export interface LineFault {
  readonly pointer: string;
  readonly detail: string;
}

/** A line of an import as it was read. */
export type ImportLine = { readonly number: number } & (
  | { readonly kind: 'account'; readonly account: ImportedAccount }
  | { readonly kind: 'refused'; readonly faults: readonly LineFault[] }
);

export interface RefusedLine {
  readonly line: number;
  readonly faults: readonly LineFault[];
}

/** How far an import has come. Every line up to the last one is decided: its account is there, or it is refused. */
export interface ImportReport {
  /** 0 where there was none. */
  readonly lastLine: number;
  readonly created: number;
  readonly unchanged: number;
  readonly refused: readonly RefusedLine[];
}

export type ImportResult = {
  readonly report: ImportReport;
} & (
  | { readonly kind: 'finished' }
  /** More than a report is to hold: what comes after the last line was left alone. */
  | { readonly kind: 'tooManyRefused' }
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds: number }
);

export interface ImportLimits {
  /** Lines whose accounts go into one transaction. */
  readonly batchSize: number;
  /** The import ends after the batch that reaches it. */
  readonly maxRefused: number;
}

const importLimits: ImportLimits = { batchSize: 500, maxRefused: 1_000 };

/** Imports batch by batch. While one is written the next one is read, and no more: a sender that is faster waits. */
export async function importAccounts(
  lines: AsyncIterable<ImportLine>,
  importedBy: string,
  importer: AccountImporter,
  { batchSize, maxRefused }: ImportLimits = importLimits,
): Promise<ImportResult> {
  const report = { lastLine: 0, created: 0, unchanged: 0, refused: [] as RefusedLine[] };
  const isFull = () => report.refused.length >= maxRefused;
  let writing = Promise.resolve();
  try {
    for await (const batch of inBatches(lines, batchSize)) {
      await writing;
      if (isFull()) return { kind: 'tooManyRefused', report };
      writing = write(batch, importedBy, importer).then((decided) => note(decided, report));
      // It is waited for by the next batch, or below.
      writing.catch(() => {});
    }
    await writing;
    return { kind: 'finished', report };
  } catch (error) {
    await writing.catch(() => {});
    if (!(error instanceof DependencyUnavailableError)) throw error;
    return { kind: 'unavailable', report, retryAfterSeconds: error.retryAfterSeconds };
  }
}

type Decided = { readonly created: number; readonly unchanged: number; readonly refused: RefusedLine[] } & {
  readonly lastLine: number;
};

async function write(batch: readonly ImportLine[], importedBy: string, importer: AccountImporter): Promise<Decided> {
  const sound = batch.filter((line) => line.kind === 'account');
  const accounts = sound.map(({ account }) => account);
  const outcomes = accounts.length === 0 ? [] : await importer.importBatch(accounts, importedBy);
  const refused = batch.flatMap((line) =>
    line.kind === 'refused' ? [{ line: line.number, faults: line.faults }] : [],
  );
  for (const [index, { number, account }] of sound.entries()) {
    const faults = faultsOf(outcomes[index] ?? { kind: 'inconclusive' }, account);
    if (faults.length > 0) refused.push({ line: number, faults });
  }
  return {
    lastLine: batch.at(-1)?.number ?? 0,
    created: outcomes.filter(({ kind }) => kind === 'created').length,
    unchanged: outcomes.filter(({ kind }) => kind === 'unchanged').length,
    refused: refused.sort((a, b) => a.line - b.line),
  };
}

function note(decided: Decided, report: { -readonly [Key in keyof Decided]: Decided[Key] }): void {
  report.lastLine = decided.lastLine;
  report.created += decided.created;
  report.unchanged += decided.unchanged;
  report.refused.push(...decided.refused);
}

function faultsOf(outcome: ImportOutcome, { roles }: ImportedAccount): LineFault[] {
  switch (outcome.kind) {
    case 'created':
    case 'unchanged':
      return [];
    case 'usernameTaken':
      return [{ pointer: '/username', detail: 'belongs to another account' }];
    case 'idTaken':
      return [{ pointer: '/id', detail: 'belongs to another account' }];
    case 'emailTaken':
      return [{ pointer: '/email', detail: 'has been verified by another account' }];
    case 'unknownRoles':
      return outcome.roles.map((role) => ({ pointer: `/roles/${roles.indexOf(role)}`, detail: 'is no role' }));
    case 'inconclusive':
      return [{ pointer: '', detail: 'was in the way of another change: import it again' }];
  }
}

/** Batches in which no two accounts share what belongs to one alone, so that each line has an outcome of its own. */
async function* inBatches(lines: AsyncIterable<ImportLine>, size: number): AsyncGenerator<ImportLine[]> {
  let batch: ImportLine[] = [];
  let taken = new Set<string>();
  for await (const line of lines) {
    const keys = line.kind === 'account' ? uniqueKeys(line.account) : [];
    if (batch.length >= size || keys.some((key) => taken.has(key))) {
      yield batch;
      batch = [];
      taken = new Set();
    }
    batch.push(line);
    for (const key of keys) taken.add(key);
  }
  if (batch.length > 0) yield batch;
}

function uniqueKeys({ id, usernameKey, email, isEmailVerified }: ImportedAccount): string[] {
  const verified = isEmailVerified && email !== null ? [`email ${addressKey(email)}`] : [];
  return [`id ${id}`, `name ${usernameKey}`, ...verified];
}
