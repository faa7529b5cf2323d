import type { KubernetesObject } from '../kubernetes/objects.ts';

/** An object as a builder writes it: only the fields this operator wants to own. */
export interface Manifest extends KubernetesObject {
  [field: string]: unknown;
}
