import { BlockList, isIP } from 'node:net';

/** Reads variables and collects every problem, so that one start tells all of them. */
export class Environment {
  readonly problems: string[] = [];
  readonly #variables: Readonly<Record<string, string | undefined>>;

  constructor(variables: Readonly<Record<string, string | undefined>>) {
    this.#variables = variables;
  }

  /** The trimmed value; undefined where it is not set or empty. */
  optional(name: string): string | undefined {
    const value = this.#variables[name]?.trim();
    return value === '' ? undefined : value;
  }

  required(name: string): string {
    const value = this.optional(name);
    if (value === undefined) this.problems.push(`${name} must be set`);
    return value ?? '';
  }

  text(name: string, fallback: string): string {
    return this.optional(name) ?? fallback;
  }

  integer(name: string, bounds: { min: number; max: number; fallback: number }): number {
    return this.optionalInteger(name, bounds) ?? bounds.fallback;
  }

  optionalInteger(name: string, { min, max }: { min: number; max: number }): number | undefined {
    const value = this.optional(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (/^-?\d+$/.test(value) && number >= min && number <= max) return number;
    this.problems.push(`${name} must be an integer from ${min} to ${max}, not "${value}"`);
    return undefined;
  }

  /** A share from 0 to 1. */
  share(name: string, fallback: number): number {
    const value = this.optional(name);
    if (value === undefined) return fallback;
    const share = Number(value);
    if (share >= 0 && share <= 1) return share;
    this.problems.push(`${name} must be a number from 0 to 1, not "${value}"`);
    return fallback;
  }

  /** A decimal number above `above` and at most `max`. */
  number(name: string, { above, max, fallback }: { above: number; max: number; fallback: number }): number {
    const value = this.optional(name);
    if (value === undefined) return fallback;
    const number = Number(value);
    if (/^\d+(\.\d+)?$/.test(value) && number > above && number <= max) return number;
    this.problems.push(`${name} must be a number above ${above} and at most ${max}, not "${value}"`);
    return fallback;
  }

  choice<const T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.optional(name) ?? fallback;
    const choice = choices.find((each) => each === value);
    if (choice === undefined) this.problems.push(`${name} must be one of ${choices.join(', ')}, not "${value}"`);
    return choice ?? fallback;
  }

  /** `limit/seconds`: so many in any so many seconds. */
  rate(name: string, fallback: { limit: number; periodSeconds: number }): { limit: number; periodSeconds: number } {
    const value = this.optional(name);
    if (value === undefined) return fallback;
    const [, limit, periodSeconds] = /^([1-9]\d{0,8})\/([1-9]\d{0,8})$/.exec(value) ?? [];
    if (limit === undefined) this.problems.push(`${name} must be a number / seconds, as 10/60, not "${value}"`);
    return { limit: Number(limit), periodSeconds: Number(periodSeconds) };
  }

  url(name: string): string {
    const value = this.required(name);
    if (value !== '' && !/^https?:$/.test(URL.parse(value)?.protocol ?? '')) {
      this.problems.push(`${name} must be an http or https URL, not "${value}"`);
    }
    return value;
  }

  /** Comma-separated host:port. */
  nodes(name: string): { host: string; port: number }[] {
    return this.#list(name).map((entry) => {
      const at = entry.lastIndexOf(':');
      const [host, port] = [entry.slice(0, at), Number(entry.slice(at + 1))];
      if (at < 1 || !Number.isInteger(port) || port < 1 || port > 65_535) {
        this.problems.push(`${name} must list host:port, not "${entry}"`);
      }
      return { host, port };
    });
  }

  /** Comma-separated addresses and CIDRs. */
  networks(name: string): BlockList {
    const networks = new BlockList();
    for (const entry of this.#list(name)) {
      const [address = '', prefix] = entry.split('/');
      const version = isIP(address);
      const bits = prefix === undefined ? (version === 6 ? 128 : 32) : Number(prefix);
      if (version === 0 || !Number.isInteger(bits) || bits < 0 || bits > (version === 6 ? 128 : 32)) {
        this.problems.push(`${name} must list addresses or CIDRs, not "${entry}"`);
      } else {
        networks.addSubnet(address, bits, version === 6 ? 'ipv6' : 'ipv4');
      }
    }
    return networks;
  }

  /** Comma-separated origins of pages, written as browsers write them. */
  origins(name: string, max: number): ReadonlySet<string> {
    const entries = this.#list(name);
    if (entries.length > max) this.problems.push(`${name} must list at most ${max} origins, not ${entries.length}`);
    for (const entry of entries.filter((each) => !isSafeOrigin(each))) {
      this.problems.push(`${name} must list origins as https://app.example.com, not "${entry}"`);
    }
    return new Set(entries);
  }

  #list(name: string): string[] {
    const entries = (this.optional(name) ?? '').split(',').map((entry) => entry.trim());
    return entries.filter((entry) => entry !== '');
  }
}

/** One host, not a pattern; and without TLS, a page can be written by anybody on its way, save from one's own machine. */
function isSafeOrigin(text: string): boolean {
  const { protocol, hostname = '', origin } = URL.parse(text) ?? {};
  if (origin !== text) return false;
  if (protocol === 'https:') return /^[a-z0-9.-]+$/.test(hostname);
  return protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}
