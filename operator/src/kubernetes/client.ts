import { ApiError, type FieldConflict, isStatus } from './errors.ts';
import type { EventObject, KubernetesObject, LiveObject } from './objects.ts';
import { resourceOf, resourcePath } from './resources.ts';
import type { Transport } from './transport.ts';

const FIELD_MANAGER = 'authcluster-operator';

/** Of one object with one reason: Kubernetes counts repetitions, so that there are few. */
const MOST_WARNINGS = '100';

export interface ApplyResult {
  object: LiveObject;
  /** Fields that another manager held and that were taken back; empty when nobody was in the way. */
  overruled: readonly FieldConflict[];
}

export type DeleteOutcome = 'deleted' | 'gone' | 'replaced';

/** What the operator does to Kubernetes objects. Every call throws ApiError or TransportError. */
export interface KubernetesClient {
  /** Undefined when there is none. Always a live, consistent read. */
  get<T extends LiveObject>(kind: string, namespace: string, name: string): Promise<T | undefined>;
  /** What has this kind, namespace and name, whoever it belongs to; no more than apiVersion, kind and metadata of it. */
  namesake(object: KubernetesObject): Promise<LiveObject | undefined>;
  /** Warnings about this very object with this reason, in no order; the API server keeps them for an hour. */
  warnings(object: LiveObject, reason: string): Promise<EventObject[]>;
  /** POST. Undefined when an object of that name exists already. */
  create<T extends LiveObject>(object: KubernetesObject): Promise<T | undefined>;
  /** Server-side apply: first unforced, to learn who else holds our fields, then forced. */
  apply(object: KubernetesObject): Promise<ApplyResult>;
  /** Server-side apply of `status` alone. `object` carries identity and `status`. */
  applyStatus(object: KubernetesObject & { status: unknown }): Promise<LiveObject>;
  /** JSON merge patch, guarded by the UID. `replaced` when another object took the name. */
  mergePatch(object: LiveObject, patch: object): Promise<LiveObject | 'gone' | 'replaced'>;
  /** Deletion guarded by the UID, of what it owns, too; with Orphan, of itself alone. */
  delete(object: LiveObject, propagation?: 'Background' | 'Orphan'): Promise<DeleteOutcome>;
}

export type WriteVerb = 'create' | 'apply' | 'applyStatus' | 'patch' | 'delete';

/** `onWrite` hears of every call that may change something, before it is sent. */
export function createClient(
  transport: Transport,
  onWrite: (verb: WriteVerb) => void = () => undefined,
): KubernetesClient {
  return {
    get: async <T extends LiveObject>(kind: string, namespace: string, name: string) => {
      const path = resourcePath(resourceOf(kind), namespace, name);
      return absentAs<T | undefined>(undefined, 404, transport.send({ method: 'GET', path }) as Promise<T>);
    },
    namesake: (object) => namesake(transport, object),
    warnings: async ({ metadata: { namespace, uid } }, reason) => {
      const path = resourcePath(resourceOf('Event'), namespace);
      const fieldSelector = `regarding.uid=${uid},type=Warning,reason=${reason}`;
      const { items } = (await transport.send({
        method: 'GET',
        path,
        query: { fieldSelector, limit: MOST_WARNINGS },
      })) as {
        items?: EventObject[];
      };
      return items ?? [];
    },
    create: async <T extends LiveObject>(object: KubernetesObject) => {
      onWrite('create');
      const path = resourcePath(resourceOf(object.kind), object.metadata.namespace);
      const sent = transport.send({ method: 'POST', path, body: object, query: { fieldManager: FIELD_MANAGER } });
      return absentAs<T | undefined>(undefined, 409, sent as Promise<T>);
    },
    apply: (object) => {
      onWrite('apply');
      return apply(transport, object);
    },
    applyStatus: async (object) => {
      onWrite('applyStatus');
      return (await sendApply(transport, identityAnd(object), true, 'status')) as LiveObject;
    },
    mergePatch: (object, patch) => {
      onWrite('patch');
      return mergePatch(transport, object, patch);
    },
    delete: (object, propagation = 'Background') => {
      onWrite('delete');
      return remove(transport, object, propagation);
    },
  };
}

/** As a list, since the right to `get` is held of few kinds; and without data, which Secrets have. */
async function namesake(
  transport: Transport,
  { apiVersion, kind, metadata: { namespace, name } }: KubernetesObject,
): Promise<LiveObject | undefined> {
  const { items } = (await transport.send({
    method: 'GET',
    path: resourcePath(resourceOf(kind), namespace),
    query: { fieldSelector: `metadata.name=${name}` },
    accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  })) as { items?: LiveObject[] | null };
  // A list of metadata that has nothing has null.
  const [found] = items ?? [];
  return found && { apiVersion, kind, metadata: found.metadata };
}

async function apply(transport: Transport, object: KubernetesObject): Promise<ApplyResult> {
  try {
    return { object: (await sendApply(transport, object, false)) as LiveObject, overruled: [] };
  } catch (error) {
    if (!(error instanceof ApiError) || error.conflicts.length === 0) throw error;
    return { object: (await sendApply(transport, object, true)) as LiveObject, overruled: error.conflicts };
  }
}

function sendApply(transport: Transport, object: KubernetesObject, force: boolean, subresource?: string) {
  return transport.send({
    method: 'PATCH',
    path: pathOf(object, subresource),
    query: { fieldManager: FIELD_MANAGER, force: String(force) },
    // JSON is YAML; the API server wants this media type for apply.
    contentType: 'application/apply-patch+yaml',
    body: object,
  });
}

async function mergePatch(transport: Transport, object: LiveObject, patch: object) {
  const guarded = { ...patch, metadata: { ...metadataOf(patch), uid: object.metadata.uid } };
  try {
    const body = { method: 'PATCH', path: pathOf(object), body: guarded } as const;
    const query = { fieldManager: FIELD_MANAGER };
    return (await transport.send({ ...body, query, contentType: 'application/merge-patch+json' })) as LiveObject;
  } catch (error) {
    if (isStatus(error, 404)) return 'gone';
    if (isStatus(error, 409)) return 'replaced';
    throw error;
  }
}

async function remove(transport: Transport, object: LiveObject, propagationPolicy: string): Promise<DeleteOutcome> {
  try {
    await transport.send({
      method: 'DELETE',
      path: pathOf(object),
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy,
        preconditions: { uid: object.metadata.uid },
      },
    });
    return 'deleted';
  } catch (error) {
    if (isStatus(error, 404)) return 'gone';
    if (isStatus(error, 409)) return 'replaced';
    throw error;
  }
}

async function absentAs<T>(value: T, status: number, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (isStatus(error, status)) return value;
    throw error;
  }
}

function pathOf(object: KubernetesObject, subresource?: string): string {
  return resourcePath(resourceOf(object.kind), object.metadata.namespace, object.metadata.name, subresource);
}

function metadataOf(patch: object): object {
  return 'metadata' in patch && typeof patch.metadata === 'object' && patch.metadata !== null ? patch.metadata : {};
}

/** An apply to `status` must not claim anything else of the object. */
function identityAnd(object: KubernetesObject & { status: unknown }): KubernetesObject & { status: unknown } {
  const { name, namespace } = object.metadata;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    status: object.status,
  };
}
