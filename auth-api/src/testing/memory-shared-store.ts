import { type Lsn, laterLsn } from '../cache/lsn.ts';
import {
  type ReservationToken,
  reservationPrefix,
  type SharedEntry,
  type SharedLookup,
  type SharedStore,
} from '../cache/shared-cache.ts';

/** The shared tier in a map, doing at once what the scripts do in Redis. Without lifetimes: entries go by `evict`. */
export class MemorySharedStore implements SharedStore {
  readonly values = new Map<string, string>();
  readonly #leases = new Map<string, string>();
  readonly #fences = new Map<string, Lsn>();

  async lookUp(entry: SharedEntry, token: string): Promise<SharedLookup> {
    const text = this.values.get(valueKey(entry));
    if (text !== undefined) return { kind: 'hit', text };
    if (this.#isLeased(entry)) return { kind: 'loading' };
    this.#leases.set(entryKey(entry), token);
    return { kind: 'leased', fenceLsn: this.#fences.get(entryKey(entry)) ?? 0n };
  }

  async reserve(entry: SharedEntry, token: ReservationToken): Promise<boolean> {
    if (this.values.has(valueKey(entry)) || this.#isLeased(entry)) return false;
    this.#leases.set(entryKey(entry), token);
    return true;
  }

  async store(entry: SharedEntry, token: string, text: string): Promise<boolean> {
    if (this.#leases.get(entryKey(entry)) !== token) return false;
    this.#leases.delete(entryKey(entry));
    this.values.set(valueKey(entry), text);
    return true;
  }

  async invalidate(entry: SharedEntry, lsn: Lsn): Promise<void> {
    this.values.delete(valueKey(entry));
    this.#leases.delete(entryKey(entry));
    this.#fences.set(entryKey(entry), laterLsn(lsn, this.#fences.get(entryKey(entry)) ?? 0n));
  }

  evict(what: 'values' | 'leases'): void {
    if (what === 'values') this.values.clear();
    else this.#leases.clear();
  }

  #isLeased(entry: SharedEntry): boolean {
    return this.#leases.get(entryKey(entry))?.startsWith(reservationPrefix) === false;
  }
}

function valueKey({ type, version, id }: SharedEntry): string {
  return `${type}:v${version}:{${id}}`;
}

function entryKey({ type, id }: SharedEntry): string {
  return `${type}:{${id}}`;
}
