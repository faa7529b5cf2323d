import type { LiveObject } from '../../src/kubernetes/objects.ts';

/** Fields that the API server or a clock fills in, or that count how often something was written. */
const INCIDENTAL = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'generation',
  'managedFields',
  'observedGeneration',
  'lastTransitionTime',
  'lastProbeTime',
  'startTime',
  'completionTime',
  'clusterIP',
  'clusterIPs',
  'nodePort',
  'healthCheckNodePort',
]);

const TIME = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;
/** Names and annotations hold hashes of what they are about, namespaces and times included. */
const HASH = /\b[0-9a-f]{8,64}\b/g;

/** By kind and name: objects without what two runs of the same cannot share. Hashes become their order of appearance. */
export function comparable(objects: readonly LiveObject[], namespace: string): Record<string, unknown> {
  // Jobs hold their own UID in labels.
  const uids = objects.map(({ metadata }) => metadata.uid);
  const entries = objects.map((object) => [`${object.kind}/${object.metadata.name}`, legible(object)] as const);
  let text = JSON.stringify(
    entries.sort(([left], [right]) => (left < right ? -1 : 1)),
    withoutIncidental,
  );
  for (const uid of uids) text = text.replaceAll(uid, 'uid');
  const hashes: string[] = [];
  const ordinal = (hash: string) => `hash-${hashes.includes(hash) ? hashes.indexOf(hash) : hashes.push(hash) - 1}`;
  text = text.replaceAll(namespace, 'namespace').replaceAll(TIME, 'time').replaceAll(HASH, ordinal);
  return Object.fromEntries(JSON.parse(text) as [string, unknown][]);
}

function withoutIncidental(key: string, value: unknown): unknown {
  return INCIDENTAL.has(key) ? undefined : value;
}

/** With what a Secret holds in clear: it names the namespace, too. */
function legible(object: LiveObject): LiveObject {
  const { data } = object as LiveObject & { data?: Record<string, string> };
  if (object.kind !== 'Secret' || data === undefined) return object;
  const clear = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]);
  return { ...object, data: Object.fromEntries(clear) } as LiveObject;
}
