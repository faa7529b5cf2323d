import { INSTANCE_LABEL } from './labels.ts';
import { controllerOf, type LiveObject } from './objects.ts';

/** What happened to an object. A replaced object (same name, new UID) is a deletion and an addition. */
export type Change<T> =
  | { type: 'added'; object: T }
  | { type: 'updated'; object: T; previous: T }
  | { type: 'deleted'; object: T };

export type ChangeListener<T> = (change: Change<T>) => void;

const REMEMBERED_DELETIONS = 1024;

/**
 * The objects of one kind as last seen, indexed by controlling owner and by instance label (objects that outlive
 * their AuthCluster have no owner). Fed by a reflector and by the answers to our own writes.
 */
export class ObjectStore<T extends LiveObject> {
  readonly #objects = new Map<string, T>();
  readonly #byOwner = new Map<string, Set<string>>();
  readonly #byInstance = new Map<string, Set<string>>();
  /**
   * UID to the version at which it went: a late answer to a write must not bring a deleted object back, while one
   * that had only lost the label we watch for may come back, later.
   */
  readonly #wentAt = new Map<string, string>();
  readonly #listeners: ChangeListener<T>[] = [];

  onChange(listener: ChangeListener<T>): void {
    this.#listeners.push(listener);
  }

  get size(): number {
    return this.#objects.size;
  }

  get(namespace: string, name: string): T | undefined {
    return this.#objects.get(`${namespace}/${name}`);
  }

  all(): T[] {
    return [...this.#objects.values()];
  }

  ownedBy(uid: string): T[] {
    return this.#resolve(this.#byOwner.get(uid));
  }

  /** Objects labelled as part of the AuthCluster `namespace/name`, owned by it or not. */
  ofInstance(namespace: string, name: string): T[] {
    return this.#resolve(this.#byInstance.get(`${namespace}/${name}`));
  }

  /** Takes in a newer state of one object; an older one, and one of a deleted object, is ignored. */
  put(object: T): void {
    const key = keyOf(object);
    const { uid, resourceVersion } = object.metadata;
    const wentAt = this.#wentAt.get(uid);
    if (wentAt !== undefined && !isNewer(resourceVersion, wentAt)) return;
    const previous = this.#objects.get(key);
    if (previous !== undefined && !isNewer(resourceVersion, previous.metadata.resourceVersion)) return;
    if (previous?.metadata.uid === uid) {
      this.#unindex(key, previous);
      this.#insert(key, object);
      this.#emit({ type: 'updated', object, previous });
      return;
    }
    if (previous !== undefined) this.#drop(key, previous, resourceVersion);
    this.#wentAt.delete(uid);
    this.#insert(key, object);
    this.#emit({ type: 'added', object });
  }

  /** Takes in that an object is gone, in its last state; one that has come back since stays. */
  remove(object: T): void {
    const key = keyOf(object);
    const { uid, resourceVersion } = object.metadata;
    const held = this.#objects.get(key);
    if (held?.metadata.uid !== uid) this.#rememberGone(uid, resourceVersion);
    else if (!isNewer(held.metadata.resourceVersion, resourceVersion)) this.#drop(key, held, resourceVersion);
  }

  /**
   * Takes in a complete list as of `version`, of one namespace or (undefined) of all: what is not in it is gone,
   * unless the answer to a write has already told us of a later state.
   */
  replace(objects: readonly T[], version: string, namespace?: string): void {
    const listed = new Map(objects.map((object) => [keyOf(object), object.metadata.uid]));
    for (const [key, held] of this.#heldIn(namespace)) {
      const isLater = isNewer(held.metadata.resourceVersion, version);
      if (!isLater && listed.get(key) !== held.metadata.uid) this.#drop(key, held, version);
    }
    for (const object of objects) this.put(object);
  }

  /** Nothing of this kind is served (any more): whatever its version was, it is gone. */
  clear(namespace?: string): void {
    for (const [key, held] of this.#heldIn(namespace)) this.#drop(key, held, held.metadata.resourceVersion);
  }

  /** With keys; a copy, so that what it is walked through for may be dropped. */
  #heldIn(namespace: string | undefined): [string, T][] {
    return [...this.#objects].filter(([, held]) => namespace === undefined || held.metadata.namespace === namespace);
  }

  #drop(key: string, held: T, version: string): void {
    this.#rememberGone(held.metadata.uid, version);
    this.#unindex(key, held);
    this.#objects.delete(key);
    this.#emit({ type: 'deleted', object: held });
  }

  #resolve(keys: Set<string> | undefined): T[] {
    const found: T[] = [];
    for (const key of keys ?? []) {
      const object = this.#objects.get(key);
      if (object !== undefined) found.push(object);
    }
    return found;
  }

  #insert(key: string, object: T): void {
    this.#objects.set(key, object);
    for (const [index, value] of this.#indexEntries(object)) {
      const keys = index.get(value) ?? new Set<string>();
      index.set(value, keys.add(key));
    }
  }

  #unindex(key: string, object: T): void {
    for (const [index, value] of this.#indexEntries(object)) {
      const keys = index.get(value);
      keys?.delete(key);
      if (keys?.size === 0) index.delete(value);
    }
  }

  #indexEntries(object: T): [Map<string, Set<string>>, string][] {
    const entries: [Map<string, Set<string>>, string][] = [];
    const owner = controllerOf(object)?.uid;
    if (owner !== undefined) entries.push([this.#byOwner, owner]);
    const instance = object.metadata.labels?.[INSTANCE_LABEL];
    if (instance !== undefined) entries.push([this.#byInstance, `${object.metadata.namespace}/${instance}`]);
    return entries;
  }

  #rememberGone(uid: string, version: string): void {
    this.#wentAt.set(uid, version);
    if (this.#wentAt.size <= REMEMBERED_DELETIONS) return;
    const oldest = this.#wentAt.keys().next().value;
    if (oldest !== undefined) this.#wentAt.delete(oldest);
  }

  #emit(change: Change<T>): void {
    for (const listener of this.#listeners) listener(change);
  }
}

function keyOf(object: LiveObject): string {
  return `${object.metadata.namespace}/${object.metadata.name}`;
}

/**
 * Resource versions of one resource are comparable as integers (KEP-5504; true of every etcd-backed server
 * before it too). Anything that is not a number counts as newer, so that nothing is ever missed.
 */
function isNewer(candidate: string, held: string): boolean {
  if (candidate === held) return false;
  if (!/^\d+$/.test(candidate) || !/^\d+$/.test(held)) return true;
  return candidate.length === held.length ? candidate > held : candidate.length > held.length;
}
