import { COMPONENT_LABEL } from '../kubernetes/labels.ts';
import type { Pod } from '../kubernetes/objects.ts';
import { isPodReady, type PatroniView } from './patroni.ts';

/** What the server connections of a pooler are good for. */
export interface Connected {
  /** Who leads, and the how manieth leader that is. */
  leadership: string;
  /** The migrations that were done, by their Job's name; undefined while none are. */
  schema: string | undefined;
}

/**
 * Ready poolers whose server connections were opened under another leader, or hold plans that were made before the
 * present schema, or of which nothing is known. `connected` is by pod UID.
 */
export function outdatedPoolers(
  poolers: readonly Pod[],
  connected: ReadonlyMap<string, Connected>,
  { leadership, schema }: Connected,
): Pod[] {
  return poolers.filter((pod) => {
    const known = connected.get(pod.metadata.uid);
    // While newer migrations run, none are done: that changes nothing yet.
    const isCurrent = known?.leadership === leadership && (schema === undefined || known.schema === schema);
    return isPodReady(pod) && !isCurrent;
  });
}

/**
 * Poolers that find somebody to connect to. Those for reads keep what they have while no replica is ready, as just after
 * the only one became the primary: reads go on there meanwhile.
 */
export function connectablePoolers(poolers: readonly Pod[], { members, leader }: PatroniView): readonly Pod[] {
  if (members.some(({ pod, ready }) => ready && pod !== leader)) return poolers;
  return poolers.filter(({ metadata }) => metadata.labels?.[COMPONENT_LABEL] !== 'pooler-ro');
}
