import { setTimeout as sleep } from 'node:timers/promises';
import type { LiveObject } from './objects.ts';
import { Reflector } from './reflector.ts';
import { qualifiedName, resourceOf } from './resources.ts';
import { ObjectStore } from './store.ts';
import type { Transport } from './transport.ts';

export interface WatchedKind {
  kind: string;
  labelSelector?: string;
  /** Keep metadata alone; `data` of Secrets never enters the cache. */
  metadataOnly?: boolean;
  /** What of an object is kept, where not all of it is read. */
  reduce?: (object: LiveObject) => LiveObject;
  /** Of no namespace: watched as a whole, whatever the namespaces. */
  clusterScoped?: boolean;
}

export interface ObjectCacheOptions {
  kinds: readonly WatchedKind[];
  /** Empty: all namespaces. */
  namespaces: readonly string[];
  now: () => number;
  random: () => number;
  onProblem: (problem: { resource: string; error: unknown; retryInMs: number }) => void;
}

/** Longer than the watchdog of a reflector: a stream this silent was cut and could not be opened again. */
const SILENCE_ALARM_SECONDS = 300;

/** All objects the operator looks at, kept current by one reflector per kind and namespace. */
export class ObjectCache {
  readonly #stores = new Map<string, ObjectStore<LiveObject>>();
  readonly #metadataOnly = new Set<string>();
  readonly #reductions = new Map<string, (object: LiveObject) => LiveObject>();
  readonly #reflectors: Reflector<LiveObject>[] = [];

  constructor(transport: Transport, options: ObjectCacheOptions) {
    const scopes = options.namespaces.length === 0 ? [undefined] : options.namespaces;
    for (const watched of options.kinds) {
      const store = new ObjectStore<LiveObject>();
      const resource = resourceOf(watched.kind);
      this.#stores.set(watched.kind, store);
      if (watched.metadataOnly === true) this.#metadataOnly.add(watched.kind);
      if (watched.reduce !== undefined) this.#reductions.set(watched.kind, watched.reduce);
      for (const namespace of watched.clusterScoped === true ? [undefined] : scopes) {
        const reflector = new Reflector(transport, store, {
          resource,
          ...(namespace === undefined ? {} : { namespace }),
          ...(watched.labelSelector === undefined ? {} : { labelSelector: watched.labelSelector }),
          metadataOnly: watched.metadataOnly === true,
          ...(watched.reduce === undefined ? {} : { reduce: watched.reduce }),
          now: options.now,
          random: options.random,
          onProblem: (problem) => options.onProblem({ resource: qualifiedName(resource), ...problem }),
        });
        this.#reflectors.push(reflector);
      }
    }
  }

  /** The store of one kind. The caller names the type it reads; the raw JSON has it. */
  store<T extends LiveObject>(kind: string): ObjectStore<T> {
    const store = this.#stores.get(kind);
    if (store === undefined) throw new RangeError(`kind ${kind} is not watched`);
    return store as unknown as ObjectStore<T>;
  }

  isMetadataOnly(kind: string): boolean {
    return this.#metadataOnly.has(kind);
  }

  /** Whether a kind cannot be written, because the extension that it belongs to is not installed. */
  isAbsent(kind: string): boolean {
    return this.#reflectors.some(({ resource, absent }) => resource.kind === kind && absent);
  }

  kinds(): string[] {
    return [...this.#stores.keys()];
  }

  /** Takes in the answer to one of our own writes, so that the next read sees it before the watch tells. */
  note(object: LiveObject): void {
    const store = this.#stores.get(object.kind);
    if (store === undefined) return;
    const { apiVersion, kind } = object;
    const { managedFields: _, ...metadata } = object.metadata as LiveObject['metadata'] & { managedFields?: unknown };
    const reduce = this.#reductions.get(kind) ?? ((whole: LiveObject) => whole);
    store.put(this.isMetadataOnly(kind) ? { apiVersion, kind, metadata } : reduce({ ...object, metadata }));
  }

  /** Runs every reflector until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.run(signal)));
  }

  /**
   * Resolves once every kind has been listed in every namespace that we are let into, of which there must be one; rejects
   * when the signal aborts first.
   */
  async untilSynced(signal: AbortSignal): Promise<void> {
    while (!this.#isSynced()) await sleep(20, undefined, { signal });
  }

  /**
   * Whether every kind has been listed where objects of this namespace are: what has not been listed would be taken for what
   * is not there.
   */
  sees(namespace: string): boolean {
    return this.#reflectors.every(
      (reflector) => reflector.synced || (reflector.namespace !== undefined && reflector.namespace !== namespace),
    );
  }

  /** Watched namespaces of which we may see nothing: they do not exist, or nobody has let us in. */
  closedNamespaces(): string[] {
    const byNamespace = Map.groupBy(this.#reflectors, ({ namespace }) => namespace);
    return [...byNamespace].flatMap(([namespace, reflectors]) =>
      namespace !== undefined && reflectors.every(({ forbidden }) => forbidden) ? [namespace] : [],
    );
  }

  /** What is wrong with the watches of open namespaces, for /readyz; undefined when all of them are alive. */
  problem(): string | undefined {
    const open = this.#open();
    if (open.length === 0) return 'every watched namespace is closed';
    const unsynced = open.filter(({ synced }) => !synced);
    if (unsynced.length > 0) return `not listed yet: ${names(unsynced)}`;
    const silent = open.filter(({ silentSeconds }) => silentSeconds > SILENCE_ALARM_SECONDS);
    return silent.length > 0 ? `silent: ${names(silent)}` : undefined;
  }

  #isSynced(): boolean {
    const open = this.#open();
    return open.length > 0 && open.every(({ synced }) => synced);
  }

  #open(): Reflector<LiveObject>[] {
    const closed = new Set<string | undefined>(this.closedNamespaces());
    return this.#reflectors.filter(({ namespace }) => !closed.has(namespace));
  }
}

/** `pods, statefulsets.apps`, or `pods in team-a, pods in team-b`. */
function names(reflectors: readonly Reflector<LiveObject>[]): string {
  const each = reflectors.map(({ resource, namespace }) =>
    namespace === undefined ? qualifiedName(resource) : `${qualifiedName(resource)} in ${namespace}`,
  );
  return each.join(', ');
}
