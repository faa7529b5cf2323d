import { stableHash } from '../controller/hash.ts';

type Parameters = Readonly<Record<string, string>>;

/** A parameter that the spec asks for, as the primary has it. */
export interface ParameterSeen {
  name: string;
  /** Null where PostgreSQL knows none of that name. */
  type: 'bool' | 'integer' | 'real' | 'enum' | 'string' | null;
  unit: string | null;
  least: string | null;
  most: string | null;
  choices: readonly string[] | null;
  /** In the file that Patroni writes; null where it left the parameter out. */
  written: string | null;
  /** What PostgreSQL says against what is written. */
  error: string | null;
  pendingRestart: boolean;
}

/** Run as superuser with the values [names]; a row of {@link ParameterSeen} for each. Patroni's file includes initdb's. */
export const PARAMETERS_QUERY = `
  select n.name, s.vartype as type, s.unit, s.min_val as least, s.max_val as most, s.enumvals as choices,
    f.setting as written, f.error, coalesce(s.pending_restart, false) as "pendingRestart"
  from unnest($1::text[]) n(name) left join pg_settings s on lower(s.name) = n.name
  left join lateral (select setting, error from pg_file_settings
    where lower(name) = n.name and sourcefile like '%/postgresql.conf' order by seqno desc limit 1) f on true`;

/** Until Patroni has brought a change to the primary; and after how long what was refused is looked at again. */
const LOOK_AFTER_MS = 60_000;

interface Checked {
  parameters: Parameters;
  hash: string;
  /** When this process first saw them asked for. */
  sinceMs: number;
  checkedMs: number | undefined;
  refused: readonly string[];
}

/**
 * What became of spec.postgres.parameters. Patroni leaves out what it does not know and replaces what is out of bounds,
 * with a line in its log alone.
 */
export class ParameterChecks {
  readonly #now: () => number;
  readonly #checked = new Map<string, Checked>();

  constructor(now: () => number) {
    this.#now = now;
  }

  forget(key: string): void {
    this.#checked.delete(key);
  }

  /** Names to be looked at by now. */
  due(key: string, parameters: Parameters): string[] {
    const hash = stableHash(parameters);
    const before = this.#checked.get(key);
    const now = this.#now();
    const known =
      before?.hash === hash ? before : { parameters, hash, sinceMs: now, checkedMs: undefined, refused: [] };
    this.#checked.set(key, known);
    const isSettled = known.checkedMs !== undefined && known.refused.length === 0;
    return !isSettled && now - (known.checkedMs ?? known.sinceMs) >= LOOK_AFTER_MS ? Object.keys(parameters) : [];
  }

  saw(key: string, seen: readonly ParameterSeen[]): void {
    const known = this.#checked.get(key);
    if (known === undefined) return;
    const refused = seen.map((each) => refusal(each, known.parameters[each.name] ?? '')).filter((each) => each !== '');
    this.#checked.set(key, { ...known, checkedMs: this.#now(), refused });
  }

  /** Which parameters are not as asked for, why, and what is allowed. */
  refused(key: string): readonly string[] {
    return this.#checked.get(key)?.refused ?? [];
  }
}

const LONGEST_VALUE = 60;

/** Empty where the parameter is, or with the next restart will be, as asked for. */
function refusal(seen: ParameterSeen, wanted: string): string {
  const { name, type, written, error, pendingRestart } = seen;
  const field = `spec.postgres.parameters.${name}`;
  const value = JSON.stringify(wanted.length > LONGEST_VALUE ? `${wanted.slice(0, LONGEST_VALUE)}…` : wanted);
  if (written === null) {
    return type === null
      ? `${field}: PostgreSQL has no such parameter: correct the name, or remove it`
      : `${field}: ${value} is left out by Patroni: ${allowed(seen)}, and no setting of recovery`;
  }
  // Of texts the file has another form.
  if (type !== null && type !== 'string' && written !== wanted) {
    return `${field}: Patroni takes ${written} for ${value}: ${allowed(seen)}`;
  }
  // What waits for a restart could not be applied either.
  if (error === null || pendingRestart) return '';
  return `${field}: PostgreSQL refuses ${value} (${error}), and would not start with it: ${allowed(seen)}`;
}

/** Where Patroni takes less than PostgreSQL does: it puts a default in the place of anything below. */
const PATRONI_LEAST: ReadonlyMap<string, string> = new Map([
  ['max_locks_per_transaction', '32'],
  ['wal_keep_size', '16'],
]);

function allowed({ name, type, unit, least, most, choices }: ParameterSeen): string {
  switch (type) {
    case 'bool':
      return 'on and off are allowed';
    case 'enum':
      return `${(choices ?? []).join(', ')} are allowed`;
    case 'integer':
    case 'real':
      return `allowed are ${PATRONI_LEAST.get(name) ?? least} to ${most}${unit === null ? '' : ` (in ${unit}, or with a unit)`}`;
    default:
      return 'see the documentation of PostgreSQL for what is allowed';
  }
}
