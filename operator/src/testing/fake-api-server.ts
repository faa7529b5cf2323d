import { ApiError } from '../kubernetes/errors.ts';
import type { KubernetesObject, LiveObject } from '../kubernetes/objects.ts';
import type { ApiRequest, Transport } from '../kubernetes/transport.ts';

interface Target {
  group: string;
  plural: string;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
}

/** One authorisation question, as RBAC would be asked: `group/resource verb`. */
export type AccessRecord = string;

/**
 * An API server in memory: versions, UIDs, watches, and as much of apply as matters here (what is applied replaces
 * what was there, field by field). `intercept` may throw before a request is carried out, `afterwards` when it is.
 */
export class FakeApiServer implements Transport {
  readonly objects = new Map<string, LiveObject>();
  readonly accesses = new Set<AccessRecord>();
  readonly writes: string[] = [];
  intercept: (request: ApiRequest) => void = () => undefined;
  afterwards: (request: ApiRequest) => void = () => undefined;
  readonly #watchers: { plural: string; labelSelector: string | undefined; send: (event: object) => void }[] = [];
  readonly #lastApplied = new Map<string, KubernetesObject>();
  #version = 0;

  async send(request: ApiRequest): Promise<unknown> {
    const target = parsePath(request.path);
    this.accesses.add(accessOf(request, target));
    this.intercept(request);
    const answer = this.#carryOut(request, target);
    this.afterwards(request);
    return answer;
  }

  #carryOut(request: ApiRequest, target: Target): unknown {
    if (request.method === 'GET')
      return target.name === undefined ? this.#list(request, target) : this.#get(request, target);
    this.writes.push(`${request.method} ${request.path}`);
    if (request.method === 'POST') return this.#create(request, target);
    if (request.method === 'DELETE') return this.#delete(request, target);
    return this.#patch(request, target);
  }

  async stream(request: ApiRequest): Promise<AsyncIterable<Buffer>> {
    const target = parsePath(request.path);
    this.accesses.add(`${target.group}/${target.plural} watch`);
    return this.#follow(target.plural, request.query?.labelSelector, request.signal);
  }

  /** Puts an object there as somebody else would: the watchers hear of it. */
  put(object: KubernetesObject, plural: string): LiveObject {
    const { namespace = 'n', name } = object.metadata;
    return this.#store(`${plural}/${namespace}/${name}`, plural, object);
  }

  find(plural: string, name: string): LiveObject | undefined {
    return [...this.objects].find(([key]) => key.startsWith(`${plural}/`) && key.endsWith(`/${name}`))?.[1];
  }

  async *#follow(
    plural: string,
    labelSelector: string | undefined,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Buffer> {
    const queue: object[] = [];
    let wake: () => void = () => undefined;
    this.#watchers.push({
      plural,
      labelSelector,
      send: (event) => {
        queue.push(event);
        wake();
      },
    });
    signal?.addEventListener('abort', () => wake());
    while (!signal?.aborted) {
      const event = queue.shift();
      if (event !== undefined) yield Buffer.from(`${JSON.stringify(event)}\n`);
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }

  #list({ query, accept }: ApiRequest, { plural, namespace }: Target): object {
    const prefix = namespace === undefined ? `${plural}/` : `${plural}/${namespace}/`;
    const listed = [...this.objects].filter(([key]) => key.startsWith(prefix)).map(([, object]) => object);
    const items = listed.filter(
      (object) => isSelected(object, query?.fieldSelector) && hasLabels(object, query?.labelSelector),
    );
    // As the real one: of a list of metadata alone an empty one is null.
    const isNull = items.length === 0 && accept?.includes('PartialObjectMetadataList') === true;
    return { metadata: { resourceVersion: String(this.#version) }, items: isNull ? null : structuredClone(items) };
  }

  #get(request: ApiRequest, target: Target): LiveObject {
    const found = this.objects.get(keyOf(target));
    if (found === undefined) throw new ApiError(request, 404, '{"reason":"NotFound"}');
    return structuredClone(found);
  }

  #create(request: ApiRequest, target: Target): LiveObject {
    const object = request.body as KubernetesObject;
    const key = `${target.plural}/${target.namespace}/${object.metadata.name}`;
    if (this.objects.has(key)) throw new ApiError(request, 409, '{"reason":"AlreadyExists"}');
    return structuredClone(this.#store(key, target.plural, object));
  }

  #patch(request: ApiRequest, target: Target): LiveObject {
    const key = keyOf(target);
    const live = this.objects.get(key);
    const body = request.body as KubernetesObject & { status?: unknown };
    const applies = request.contentType === 'application/apply-patch+yaml';
    if (live === undefined && (!applies || target.subresource !== undefined)) throw new ApiError(request, 404, '{}');
    if (body.metadata?.uid !== undefined && body.metadata.uid !== live?.metadata.uid)
      throw new ApiError(request, 409, '{}');
    const { resourceVersion } = body.metadata ?? {};
    if (resourceVersion !== undefined && resourceVersion !== live?.metadata.resourceVersion)
      throw new ApiError(request, 409, '{"reason":"Conflict"}');
    // Apply takes away what its manager no longer names; of status we are the only manager.
    const dropped = applies && target.subresource === undefined ? this.#droppedSinceLastApply(key, body) : {};
    const merged =
      target.subresource === 'status' ? { ...live, status: body.status } : merge(merge(live ?? {}, dropped), body);
    return structuredClone(this.#store(key, target.plural, merged as KubernetesObject));
  }

  /** As a merge patch. There is one manager that applies, so what it named last is all that it may drop. */
  #droppedSinceLastApply(key: string, body: KubernetesObject): unknown {
    const before = this.objects.has(key) ? this.#lastApplied.get(key) : undefined;
    this.#lastApplied.set(key, structuredClone(body));
    return before === undefined ? {} : dropped(before, body);
  }

  #delete(request: ApiRequest, target: Target): object {
    const live = this.#get(request, target);
    const { preconditions } = request.body as { preconditions?: { uid?: string } };
    if (preconditions?.uid !== undefined && preconditions.uid !== live.metadata.uid)
      throw new ApiError(request, 409, '{}');
    this.remove(target.plural, live);
    return {};
  }

  remove(plural: string, live: LiveObject): void {
    this.objects.delete(`${plural}/${live.metadata.namespace}/${live.metadata.name}`);
    this.#version += 1;
    const metadata = { ...live.metadata, resourceVersion: String(this.#version) };
    this.#tell(plural, live, { ...live, metadata }, 'DELETED');
  }

  #store(key: string, plural: string, object: KubernetesObject): LiveObject {
    const before = this.objects.get(key);
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(object)) return before;
    this.#version += 1;
    const identity = { namespace: 'n', uid: before?.metadata.uid ?? `uid-${this.#version}` };
    const counted = { resourceVersion: String(this.#version), ...generation(before, object) };
    const metadata = { ...identity, ...object.metadata, ...counted };
    const stored: LiveObject = { ...object, metadata: { ...metadata, uid: identity.uid } };
    this.objects.set(key, stored);
    this.#tell(plural, before, structuredClone(stored));
    return stored;
  }

  /** For a watch by labels an object comes when it gets them, and goes when it loses them. */
  #tell(plural: string, before: LiveObject | undefined, object: LiveObject, gone?: 'DELETED'): void {
    for (const watcher of this.#watchers) {
      if (watcher.plural !== plural) continue;
      const was = before !== undefined && hasLabels(before, watcher.labelSelector);
      const is = gone === undefined && hasLabels(object, watcher.labelSelector);
      if (was || is) watcher.send({ type: is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED', object });
    }
  }
}

/** `regarding.uid=1,type=Warning` */
function isSelected(object: LiveObject, fieldSelector: string | undefined): boolean {
  return (fieldSelector?.split(',') ?? []).every((term) => {
    const [path = '', value] = term.split('=');
    const field = path.split('.').reduce<unknown>((at, part) => (isRecord(at) ? at[part] : undefined), object);
    return field === value;
  });
}

/** `app.kubernetes.io/name=authcluster` */
function hasLabels({ metadata }: LiveObject, labelSelector: string | undefined): boolean {
  return (labelSelector?.split(',') ?? []).every((term) => {
    const [label = '', value] = term.split('=');
    return metadata.labels?.[label] === value;
  });
}

/** Objects are merged, everything else (lists included) is replaced; null removes. */
function merge(live: unknown, change: unknown): unknown {
  if (!isRecord(live) || !isRecord(change)) return change;
  const merged = { ...live };
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(merged[key], value);
  }
  return merged;
}

/** The fields of `before` that `after` no longer has, as nulls. */
function dropped(before: unknown, after: unknown): unknown {
  if (!isRecord(before) || !isRecord(after)) return {};
  const entries = Object.entries(before).flatMap(([key, value]): [string, unknown][] => {
    if (!(key in after)) return [[key, null]];
    return isRecord(value) && isRecord(after[key]) ? [[key, dropped(value, after[key])]] : [];
  });
  return Object.fromEntries(entries);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `/apis/apps/v1/namespaces/n/deployments/d/status`, or `/api/v1/pods`. */
function parsePath(path: string): Target {
  const parts = path.split('/').filter((part) => part !== '');
  const group = parts[0] === 'api' ? '' : (parts[1] ?? '');
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3);
  const namespace = rest[0] === 'namespaces' ? rest[1] : undefined;
  const [plural = '', name, subresource] = namespace === undefined ? rest : rest.slice(2);
  return { group, plural, namespace, name, subresource };
}

function keyOf({ plural, namespace, name }: Target): string {
  return `${plural}/${namespace}/${name}`;
}

/** One more with each change of the spec. */
function generation(before: LiveObject | undefined, after: KubernetesObject): { generation?: number } {
  const [old, spec] = [before, after].map((object) => (object as { spec?: object } | undefined)?.spec);
  if (spec === undefined) return {};
  const last = before?.metadata.generation ?? 0;
  return { generation: JSON.stringify(old) === JSON.stringify(spec) ? last : last + 1 };
}

function accessOf({ method, contentType }: ApiRequest, { group, plural, name, subresource }: Target): AccessRecord {
  const verbs = { GET: name === undefined ? 'list' : 'get', POST: 'create', PUT: 'update', DELETE: 'delete' } as const;
  const resource = subresource === undefined ? plural : `${plural}/${subresource}`;
  const verb = method === 'PATCH' ? 'patch' : verbs[method];
  return `${group}/${resource} ${verb}${contentType === 'application/apply-patch+yaml' ? ' (apply)' : ''}`;
}
