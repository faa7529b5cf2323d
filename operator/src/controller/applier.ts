import type { ObjectCache } from '../kubernetes/cache.ts';
import type { ApplyResult, KubernetesClient } from '../kubernetes/client.ts';
import { type FieldConflict, isStatus } from '../kubernetes/errors.ts';
import { INSTANCE_LABEL, NAME_LABEL } from '../kubernetes/labels.ts';
import type { KubernetesObject, LiveObject } from '../kubernetes/objects.ts';
import { resourceOf } from '../kubernetes/resources.ts';
import { ExtensionMissing, NameTaken } from './errors.ts';
import { intentFingerprint } from './fingerprint.ts';
import { orderedHash } from './hash.ts';

/** By which the watches find what is part of an AuthCluster. */
const OUR_LABELS = [NAME_LABEL, INSTANCE_LABEL];

interface Applied {
  desired: string;
  live: string;
  /** Of the live object that was last found to be as it was: while it is this one, there is nothing to compare. */
  liveVersion: string;
}

export interface ApplierOptions {
  client: KubernetesClient;
  cache: ObjectCache;
  /** Fields another manager had set and that were taken back. */
  onOverruled: (object: LiveObject, conflicts: readonly FieldConflict[]) => void;
}

/**
 * Applies objects, but only when it makes a difference: a write is skipped if both what is wanted and what is there
 * are what they were after the last apply. What it remembers is lost on restart, which costs one apply each.
 */
export class Applier {
  readonly #options: ApplierOptions;
  /** By AuthCluster, then by object. */
  readonly #applied = new Map<string, Map<string, Applied>>();

  constructor(options: ApplierOptions) {
    this.#options = options;
  }

  /**
   * Applies an object of the AuthCluster `owner` (its key). Returns whether it wrote. Throws ExtensionMissing where the
   * cluster does not know such objects, and NameTaken where somebody else has one of that name.
   */
  async apply(owner: string, object: KubernetesObject): Promise<boolean> {
    const { client, cache, onOverruled } = this.#options;
    const { extension, dispensable } = resourceOf(object.kind);
    if (extension !== undefined && cache.isAbsent(object.kind)) throw new ExtensionMissing(extension);
    const key = keyOf(object);
    const desired = orderedHash(object);
    const live = cache.store(object.kind).get(object.metadata.namespace ?? '', object.metadata.name);
    const last = this.#applied.get(owner)?.get(key);
    if (live !== undefined && last?.desired === desired && this.#isUntouched(live, last)) return false;
    const written = live === undefined ? this.#applyWhereFree(object, last) : client.apply(object);
    const result = await written.catch((error: unknown) => {
      // Its definition is going, or gone, and the watch has not told it yet: the next pass leaves it out.
      if (dispensable && isStatus(error, 404, 405)) return undefined;
      throw error;
    });
    if (result === undefined) return false;
    cache.note(result.object);
    const applied = this.#applied.get(owner) ?? new Map<string, Applied>();
    this.#applied.set(owner, applied.set(key, appliedAs(desired, result.object, this.#fingerprint(result.object))));
    if (result.overruled.length > 0) onOverruled(result.object, result.overruled);
    return true;
  }

  /** Forgets an AuthCluster that is gone. */
  forget(owner: string): void {
    this.#applied.delete(owner);
  }

  /** The watches do not show what is somebody else's. Throws NameTaken where that has the name. */
  async #applyWhereFree(object: KubernetesObject, last: Applied | undefined): Promise<ApplyResult> {
    const { client } = this.#options;
    const found = await client.namesake(object);
    const isKnown = found !== undefined && last?.liveVersion.startsWith(`${found.metadata.uid}/`);
    if (found !== undefined && !isKnown && !belongsTogether(found, object)) throw new NameTaken(found);
    return client.apply(object);
  }

  /** Most new versions of an object are of its status alone. */
  #isUntouched(live: LiveObject, last: Applied): boolean {
    const version = versionOf(live);
    if (version === last.liveVersion) return true;
    if (this.#fingerprint(live) !== last.live) return false;
    last.liveVersion = version;
    return true;
  }

  #fingerprint(live: LiveObject): string {
    return intentFingerprint(live, this.#options.cache.isMetadataOnly(live.kind));
  }
}

/** Whether it has the owner that `object` is to have, or its labels: one of them may have been taken off. */
function belongsTogether(found: LiveObject, { metadata: { ownerReferences = [], labels } }: KubernetesObject): boolean {
  const owners = new Set(ownerReferences.map(({ uid }) => uid));
  const isOwned = found.metadata.ownerReferences?.some(({ uid }) => owners.has(uid)) ?? false;
  return isOwned || OUR_LABELS.every((label) => found.metadata.labels?.[label] === labels?.[label]);
}

function keyOf(object: KubernetesObject): string {
  return `${object.kind}/${object.metadata.namespace}/${object.metadata.name}`;
}

function appliedAs(desired: string, object: LiveObject, live: string): Applied {
  return { desired, live, liveVersion: versionOf(object) };
}

/** No two states of any object share it. */
function versionOf({ metadata }: LiveObject): string {
  return `${metadata.uid}/${metadata.resourceVersion}`;
}
