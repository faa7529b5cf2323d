import { stableHash } from '../controller/hash.ts';
import type { Deployment, Service } from '../kubernetes/objects.ts';
import { authApiPod } from '../specs/auth-api/pod.ts';
import { REVISION_ANNOTATION, TEMPLATE_ANNOTATION } from '../specs/names.ts';
import { oncePer, oncePerInputs } from '../specs/once-per.ts';
import type { PodTemplate } from '../specs/pods.ts';

/** What pods of the auth API are like but for their colour, and what that is called. */
export interface Revision {
  /** Equal where everything about the pods but their colour is. */
  name: string;
  template: PodTemplate;
}

/** As the spec has it. */
export const wantedRevision = oncePerInputs((cluster, inputs) => revisionOf(authApiPod(cluster, inputs)));

/**
 * What a Deployment was last made by an operator, whatever became of it since, or the one that a Service selects. Its
 * annotations tell. Undefined where somebody has changed those, too.
 */
export const appliedRevision = oncePer(({ metadata }: Deployment | Service): Revision | undefined => {
  const { annotations = {} } = metadata;
  const revision = readTemplate(annotations[TEMPLATE_ANNOTATION]);
  return revision?.name === annotations[REVISION_ANNOTATION] ? revision : undefined;
});

/** What appliedRevision reads. */
export function revisionAnnotations({ name, template }: Revision): Record<string, string> {
  return { [REVISION_ANNOTATION]: name, [TEMPLATE_ANNOTATION]: JSON.stringify(template) };
}

function revisionOf(template: PodTemplate): Revision {
  return { name: stableHash(template).slice(0, 10), template };
}

function readTemplate(text: string | undefined): Revision | undefined {
  try {
    return text === undefined ? undefined : revisionOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}
