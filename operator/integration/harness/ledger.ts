import type { ObjectCache } from '../../src/kubernetes/cache.ts';
import { ApiError } from '../../src/kubernetes/errors.ts';
import type { LiveObject } from '../../src/kubernetes/objects.ts';
import type { ApiRequest, Transport } from '../../src/kubernetes/transport.ts';

/** What is known of one namespace. */
interface Page {
  /** Calls that wait for their answer. */
  underWay: number;
  /** Whether some call got none, so that nobody knows what it did. */
  isIncomplete: boolean;
  /** By UID: the newest version that an answer has told. */
  written: Map<string, LiveObject>;
  /** UIDs. */
  deleted: Set<string>;
}

type Answer = LiveObject & {
  metadata: { deletionTimestamp?: string; deletionGracePeriodSeconds?: number; finalizers?: string[] };
};

const NAMESPACE = /\/namespaces\/([^/]+)/;

/**
 * Notes the answers to all writes, so that no question to the API server is needed to know whether somebody has heard of
 * them all.
 */
export class Ledger {
  readonly #pages = new Map<string, Page>();

  recording(through: Transport): Transport {
    return {
      send: (request) => this.#record(request, () => through.send(request)),
      stream: (request) => through.stream(request),
    };
  }

  isUnderWay(namespace: string): boolean {
    return this.#page(namespace).underWay > 0;
  }

  /** What was written in a namespace and a cache does not know yet; undefined where nobody can tell. */
  unknownTo(cache: ObjectCache, namespace: string): string[] | undefined {
    const { isIncomplete, written, deleted } = this.#page(namespace);
    if (isIncomplete) return undefined;
    const kinds = new Set(cache.kinds());
    return [...written.values()]
      .filter((object) => kinds.has(object.kind) && isWatched(object))
      .filter((object) => {
        const { name, uid } = object.metadata;
        const held = cache.store(object.kind).get(namespace, name);
        if (deleted.has(uid)) return held?.metadata.uid === uid;
        return held?.metadata.uid !== uid || versionOf(held) < versionOf(object);
      })
      .map(({ kind, metadata: { name, uid } }) => `${kind}/${name} (${deleted.has(uid) ? 'deleted' : 'written'})`);
  }

  forget(namespace: string): void {
    this.#pages.delete(namespace);
  }

  async #record(request: ApiRequest, carryOut: () => Promise<unknown>): Promise<unknown> {
    const page = this.#page(NAMESPACE.exec(request.path)?.[1] ?? '');
    const isWrite = request.method !== 'GET' && request.query?.dryRun === undefined;
    page.underWay += 1;
    try {
      const answer = await carryOut();
      if (isWrite && request.method === 'DELETE') noteDeletion(page, answer as Answer);
      else if (isWrite) noteWritten(page, answer as Answer);
      return answer;
    } catch (error) {
      page.isIncomplete ||= isWrite && !(error instanceof ApiError);
      throw error;
    } finally {
      page.underWay -= 1;
    }
  }

  #page(namespace: string): Page {
    const page = this.#pages.get(namespace) ?? {
      underWay: 0,
      isIncomplete: false,
      written: new Map(),
      deleted: new Set(),
    };
    this.#pages.set(namespace, page);
    return page;
  }
}

/** Whether an operator watches it: what carries labels of an AuthCluster, and the AuthCluster. */
export function isWatched({ kind, metadata }: LiveObject): boolean {
  return kind === 'AuthCluster' || metadata.labels?.['app.kubernetes.io/name'] === 'authcluster';
}

function noteWritten({ written, deleted }: Page, object: Answer): void {
  const { uid, deletionTimestamp } = object.metadata;
  const known = written.get(uid);
  if (known === undefined || versionOf(known) < versionOf(object)) written.set(uid, identityOf(object));
  if (deletionTimestamp !== undefined && !isHeld(object)) deleted.add(uid);
}

/** The answer is a Status that names what is gone; of some kinds, and of all that goes later, it is the object. */
function noteDeletion(page: Page, answer: Answer | { details?: { uid?: string } }): void {
  if ('details' in answer) page.deleted.add(answer.details?.uid ?? '');
  else if (isHeld(answer as Answer)) noteWritten(page, answer as Answer);
  else page.deleted.add((answer as Answer).metadata.uid);
}

/** Whether something that is to go is still there. */
function isHeld({ metadata: { deletionGracePeriodSeconds = 0, finalizers = [] } }: Answer): boolean {
  return deletionGracePeriodSeconds > 0 || finalizers.length > 0;
}

/** Many are kept for long. */
function identityOf({ apiVersion, kind, metadata }: LiveObject): LiveObject {
  const { name, namespace, uid, resourceVersion, labels = {} } = metadata;
  return { apiVersion, kind, metadata: { name, namespace, uid, resourceVersion, labels } };
}

function versionOf({ metadata }: LiveObject): number {
  return Number(metadata.resourceVersion);
}
