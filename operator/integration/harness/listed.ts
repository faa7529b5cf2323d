import type { ObjectCache } from '../../src/kubernetes/cache.ts';
import type { LiveObject } from '../../src/kubernetes/objects.ts';
import { isWatched } from './ledger.ts';

/** Whether a cache has what was listed in a namespace, by kind, and nothing else: kinds that it does not watch aside. */
export function isAsListed(
  cache: ObjectCache,
  namespace: string,
  listed: ReadonlyMap<string, readonly LiveObject[]>,
): boolean {
  const kinds = [...listed].filter(([kind]) => cache.kinds().includes(kind));
  return kinds.every(([kind, live]) => {
    const known = cache
      .store(kind)
      .all()
      .filter(({ metadata }) => metadata.namespace === namespace);
    const versions = new Map(known.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
    const watched = live.filter(isWatched);
    return (
      watched.length === versions.size &&
      watched.every(({ metadata }) => versions.get(metadata.name) === metadata.resourceVersion)
    );
  });
}
