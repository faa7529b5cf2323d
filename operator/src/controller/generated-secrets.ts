import type { ObjectCache } from '../kubernetes/cache.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { type KubernetesObject, type Secret, splitKey } from '../kubernetes/objects.ts';

/** Values of a Secret by key, decoded. */
export type SecretValues = Readonly<Record<string, string>>;

interface Read {
  resourceVersion: string;
  values: SecretValues;
}

/**
 * Generated Secrets: made once and not overwritten, because what they open was made with them; a rotation changes both.
 * One that is there already is adopted, whoever left it: a former AuthCluster of that name, or a person who brought
 * their own.
 */
export class GeneratedSecrets {
  readonly #client: KubernetesClient;
  readonly #cache: ObjectCache;
  /** By AuthCluster, then by name. */
  readonly #read = new Map<string, Map<string, Read>>();

  constructor(client: KubernetesClient, cache: ObjectCache) {
    this.#client = client;
    this.#cache = cache;
  }

  /** Values of a Secret of the AuthCluster `owner` (its key); generated first when a live read finds none. */
  async ensure(owner: string, name: string, generate: () => KubernetesObject): Promise<SecretValues> {
    const { namespace } = splitKey(owner);
    const known = this.#unchanged(owner, namespace, name);
    if (known !== undefined) return known;
    const existing = await this.#client.get<Secret>('Secret', namespace, name);
    if (existing !== undefined) return this.#remember(owner, existing);
    const created = await this.#client.create<Secret>(generate());
    if (created !== undefined) return this.#remember(owner, created);
    // Somebody was faster: theirs counts.
    const theirs = await this.#client.get<Secret>('Secret', namespace, name);
    if (theirs === undefined) throw new Error(`Secret ${namespace}/${name} appeared and vanished`);
    return this.#remember(owner, theirs);
  }

  /** Forgets an AuthCluster that is gone, and what was secret about it. */
  forget(owner: string): void {
    this.#read.delete(owner);
  }

  /** What was read before, while the watch shows that very version. */
  #unchanged(owner: string, namespace: string, name: string): SecretValues | undefined {
    const known = this.#read.get(owner)?.get(name);
    const live = this.#cache.store<Secret>('Secret').get(namespace, name);
    return live !== undefined && known?.resourceVersion === live.metadata.resourceVersion ? known.values : undefined;
  }

  #remember(owner: string, secret: Secret): SecretValues {
    const entries = Object.entries(secret.data ?? {});
    const values = Object.fromEntries(
      entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
    );
    const { name, resourceVersion } = secret.metadata;
    const read = this.#read.get(owner) ?? new Map<string, Read>();
    this.#read.set(owner, read.set(name, { resourceVersion, values }));
    this.#cache.note(secret);
    return values;
  }
}
