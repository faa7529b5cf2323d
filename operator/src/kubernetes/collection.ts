import type { LiveObject } from './objects.ts';
import { type Resource, resourcePath } from './resources.ts';
import type { Transport } from './transport.ts';
import { readWatchEvents, type WatchEvent } from './watch-stream.ts';

export interface CollectionOptions {
  resource: Resource;
  /** Undefined: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  /** Fetch metadata alone: enough where only existence, labels and version matter. Keeps Secrets out of memory. */
  metadataOnly?: boolean;
  /** What of an object enters the store. Default all. */
  reduce?: (object: LiveObject) => LiveObject;
  pageSize?: number;
}

/** The objects of one kind, as a reflector asks the API server for them. */
export class Collection<T extends LiveObject> {
  readonly path: string;
  readonly resource: Resource;
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
  readonly #transport: Transport;
  readonly #options: CollectionOptions;

  constructor(transport: Transport, options: CollectionOptions) {
    this.path = resourcePath(options.resource, options.namespace);
    this.resource = options.resource;
    this.namespace = options.namespace;
    this.#transport = transport;
    this.#options = options;
  }

  /** All of them, page by page, and the version to watch from. */
  async list(signal: AbortSignal): Promise<{ objects: T[]; resourceVersion: string }> {
    const objects: T[] = [];
    let resourceVersion = '';
    let next: string | undefined = '';
    while (next !== undefined) {
      const page = (await this.#transport.send({
        method: 'GET',
        path: this.path,
        query: {
          ...this.#selector(),
          limit: String(this.#options.pageSize ?? 500),
          ...(next ? { continue: next } : {}),
        },
        accept: this.#accept('PartialObjectMetadataList'),
        signal,
      })) as { metadata?: { resourceVersion?: string; continue?: string }; items?: T[] };
      for (const item of page.items ?? []) objects.push(this.#complete(item));
      resourceVersion = page.metadata?.resourceVersion ?? '';
      next = page.metadata?.continue || undefined;
    }
    return { objects, resourceVersion };
  }

  /** What has happened since `resourceVersion`, as it happens. Resolves once the stream is open. */
  async watch(
    resourceVersion: string,
    timeoutSeconds: number,
    signal: AbortSignal,
  ): Promise<AsyncGenerator<WatchEvent<T>>> {
    const stream = await this.#transport.stream({
      method: 'GET',
      path: this.path,
      query: {
        ...this.#selector(),
        watch: '1',
        allowWatchBookmarks: 'true',
        resourceVersion,
        timeoutSeconds: String(timeoutSeconds),
      },
      accept: this.#accept('PartialObjectMetadata'),
      signal,
    });
    return this.#completed(readWatchEvents<T>(stream));
  }

  async *#completed(events: AsyncIterable<WatchEvent<T>>): AsyncGenerator<WatchEvent<T>> {
    for await (const event of events) {
      const isOfObject = event.type === 'ADDED' || event.type === 'MODIFIED' || event.type === 'DELETED';
      yield isOfObject ? { ...event, object: this.#complete(event.object) } : event;
    }
  }

  #selector(): Record<string, string> {
    return this.#options.labelSelector === undefined ? {} : { labelSelector: this.#options.labelSelector };
  }

  #accept(as: string): string {
    return this.#options.metadataOnly === true ? `application/json;as=${as};g=meta.k8s.io;v=v1` : 'application/json';
  }

  /** List items carry no kind, partial ones the wrong kind; managedFields are half of an object and not read. */
  #complete(item: T): T {
    const { managedFields: _, ...metadata } = item.metadata as T['metadata'] & { managedFields?: unknown };
    const object = { ...item, apiVersion: this.resource.apiVersion, kind: this.resource.kind, metadata };
    return this.#options.reduce === undefined ? object : (this.#options.reduce(object) as T);
  }
}
