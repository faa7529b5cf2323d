import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** What to measure. */
  readonly names: readonly string[];
  readonly jsonPath: string;
  /** Refused logins of each kind, for equal time. */
  readonly attempts: number;
  /** bcrypt's, for equal time. */
  readonly cost: number;
  /** 0: no soak unless it is asked for by name. */
  readonly soakMinutes: number;
}

export class BenchUsageError extends Error {
  override name = 'BenchUsageError';
}

const bounds = { attempts: [10, 100_000], cost: [4, 16], 'soak-minutes': [0, 1440] } as const;

/**
 * @param all the names there are; `soak` runs only when it is named or given minutes
 * @throws BenchUsageError for what would measure something else than was meant
 */
export function parseBenchOptions(args: readonly string[], all: readonly string[]): BenchOptions {
  const { values } = parse(args);
  const soakMinutes = number(values, 'soak-minutes');
  const named = values.only.split(',').filter((name) => name !== '');
  const unknown = named.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new BenchUsageError(`--only takes ${all.join(', ')}, not "${unknown}"`);
  if (named.includes('soak') && soakMinutes === 0) throw new BenchUsageError('soak needs --soak-minutes above 0');
  const isMeant = (name: string) => (named.length > 0 ? named.includes(name) : name !== 'soak' || soakMinutes > 0);
  return {
    names: all.filter(isMeant),
    jsonPath: values.json,
    attempts: number(values, 'attempts'),
    cost: number(values, 'cost'),
    soakMinutes,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string', default: '' },
        json: { type: 'string', default: '../.make/bench/auth-api.json' },
        attempts: { type: 'string', default: '1000' },
        cost: { type: 'string', default: '8' },
        'soak-minutes': { type: 'string', default: '0' },
      },
    });
  } catch (error) {
    throw new BenchUsageError(error instanceof Error ? error.message : String(error));
  }
}

function number(values: Readonly<Record<keyof typeof bounds, string>>, name: keyof typeof bounds): number {
  const [min, max] = bounds[name];
  const value = Number(values[name]);
  if (/^\d+(\.\d+)?$/.test(values[name]) && value >= min && value <= max) return value;
  throw new BenchUsageError(`--${name} must be a number from ${min} to ${max}, not "${values[name]}"`);
}
