import type { ExternalTls, LoginSecret } from '../api/generated/authcluster.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { ConfigMap, Secret } from '../kubernetes/objects.ts';
import type { ExternalProblem, ReferencedKind } from './problem.ts';

export interface ExternalLogin {
  username: string;
  password: string;
}

export type Found<T> = { kind: 'found'; value: T } | { kind: 'problem'; problem: ExternalProblem };

/** Reads what the spec refers to, live: these objects are somebody else's, and no watch shows them. */
export class ReferencedObjects {
  readonly #client: Pick<KubernetesClient, 'get'>;
  readonly #namespace: string;

  constructor(client: Pick<KubernetesClient, 'get'>, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  /** `field` is where the spec has the reference, for the message. */
  async login({ secretName, usernameKey, passwordKey }: LoginSecret, field: string): Promise<Found<ExternalLogin>> {
    const secret = await this.#client.get<Secret>('Secret', this.#namespace, secretName);
    if (secret === undefined) return missing(`${field}.secretName`, 'Secret', secretName);
    const [username, password] = [usernameKey, passwordKey].map((key) => decoded(secret.data?.[key]));
    if (!username) return incomplete(`${field}.usernameKey`, 'Secret', secretName, usernameKey);
    if (!password) return incomplete(`${field}.passwordKey`, 'Secret', secretName, passwordKey);
    return { kind: 'found', value: { username, password } };
  }

  /** Undefined where nothing is verified. */
  async authority({ ca }: ExternalTls, field: string): Promise<Found<string | undefined>> {
    if (ca === undefined) return { kind: 'found', value: undefined };
    const object = await this.#client.get<ConfigMap | Secret>(ca.kind, this.#namespace, ca.name);
    if (object === undefined) return missing(`${field}.ca.name`, ca.kind, ca.name);
    const text = object.data?.[ca.key];
    const pem = ca.kind === 'Secret' ? decoded(text) : text;
    if (!pem) return incomplete(`${field}.ca.key`, ca.kind, ca.name, ca.key);
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return { kind: 'found', value: pem };
    const message = `key ${ca.key} of ${ca.kind} ${ca.name} holds no certificate: put PEM there`;
    return { kind: 'problem', problem: { reason: `${ca.kind}Incomplete`, message: `${field}.ca.key: ${message}` } };
  }
}

function decoded(base64: string | undefined): string | undefined {
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('utf8').trim();
}

function missing(field: string, kind: ReferencedKind, name: string): Found<never> {
  const message = `${field}: there is no ${kind} ${name} in the namespace: create it`;
  return { kind: 'problem', problem: { reason: `${kind}Missing`, message } };
}

function incomplete(field: string, kind: ReferencedKind, name: string, key: string): Found<never> {
  const message = `${field}: ${kind} ${name} has no value for key "${key}": add it, or name another key`;
  return { kind: 'problem', problem: { reason: `${kind}Incomplete`, message } };
}
