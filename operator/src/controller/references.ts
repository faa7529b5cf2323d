import { createHmac } from 'node:crypto';
import type { AuthCluster } from '../api/authcluster.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { LiveObject } from '../kubernetes/objects.ts';
import { apiReferences, type Reference } from '../specs/auth-api/references.ts';
import { ReferenceMalformed, ReferenceMissing } from './errors.ts';
import type { Pass } from './pass.ts';

type Keyed = LiveObject & { data?: Record<string, string>; binaryData?: Record<string, string> };

/**
 * Secrets and ConfigMaps that somebody else makes and the spec refers to. They are read live at each pass, since
 * no watch sees them: what is missing is told, and what pods read once at their start gets them replaced when it changes.
 */
export class References {
  readonly #client: KubernetesClient;
  /** Of each AuthCluster, what the last complete reading stood for. */
  readonly #last = new Map<string, string | undefined>();

  constructor(client: KubernetesClient) {
    this.#client = client;
  }

  /**
   * BuilderInputs.startValues. `live` is that of the pods which serve: it stays while something is missing or cannot
   * be read, because pods that do not serve better are no reason to replace those that serve. The values are hashed
   * under `secret`, so that nobody can try out guesses at them.
   */
  async startValues(
    key: string,
    cluster: AuthCluster,
    { secret, live }: { secret: string | undefined; live: string | undefined },
    pass: Pass,
  ): Promise<string | undefined> {
    const readings = await Promise.all(apiReferences(cluster).map((reference) => this.#read(cluster, reference, pass)));
    const values = readings.filter(({ reference }) => !reference.reloaded);
    if (secret === undefined || values.some(({ complete }) => !complete)) {
      return this.#last.has(key) ? this.#last.get(key) : live;
    }
    const stood = values.length === 0 ? undefined : digest(values, secret);
    this.#last.set(key, stood);
    return stood;
  }

  forget(key: string): void {
    this.#last.delete(key);
  }

  async #read(cluster: AuthCluster, reference: Reference, pass: Pass) {
    const { kind, name, field, optional } = reference;
    const found = await pass.attempt(field, 'api', async () => {
      const object = await this.#client.get<Keyed>(kind, cluster.metadata.namespace, name);
      const data = { ...object?.data, ...object?.binaryData };
      const missing = missingFrom(object && data, reference);
      if (missing !== undefined && !optional)
        throw new ReferenceMissing(reference, cluster.metadata.namespace, missing);
      for (const [key, { pattern, needed }] of Object.entries(reference.shapes ?? {})) {
        const value = Buffer.from(data[key] ?? '', 'base64').toString();
        if (!pattern.test(value)) throw new ReferenceMalformed(name, key, needed);
      }
      return reference.keys.map((each) => data[each] ?? null);
    });
    return { reference, complete: found !== undefined, found };
  }
}

function missingFrom(
  data: Record<string, string> | undefined,
  { keys }: Reference,
): 'object' | readonly string[] | undefined {
  if (data === undefined) return 'object';
  if (keys.length === 0) return Object.keys(data).length === 0 ? [] : undefined;
  const missing = keys.filter((key) => !data[key]);
  return missing.length === 0 ? undefined : missing;
}

function digest(values: readonly { reference: Reference; found: unknown }[], secret: string): string {
  const text = JSON.stringify(values.map(({ reference, found }) => [reference.field, found]));
  return createHmac('sha256', secret).update(text).digest('hex').slice(0, 16);
}
