import type { Taking } from '../../../domain/ports/users.ts';
import { type Answer, nobodyInCharge, problem } from '../../problem.ts';

/** Where something was, or was to be, taken away. */
export function takenAnswer(taking: Taking): Answer {
  if (taking === 'neededByService') return nobodyInCharge();
  return taking === 'done' ? { status: 204 } : problem('not_found');
}
