import { StepFailure } from '../step-failure.ts';
import { diagnose } from './diagnosis.ts';
import type { Kubectl } from './kubectl.ts';

/**
 * A failure for a person: what went wrong, and what to do next. Where that is not known (`otherwise` is said then), also
 * what these namespaces show of it.
 */
export async function failureReport(
  error: unknown,
  kubectl: Kubectl,
  namespaces: readonly string[],
  otherwise: string,
): Promise<string> {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof StepFailure) return `${message}\n\nNext: ${error.next}`;
  return `${message}\n\n${await diagnose(kubectl, namespaces)}\n\nNext: ${otherwise}`;
}
