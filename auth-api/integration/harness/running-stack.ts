import type { Stack } from './stack.ts';

/** The stack that globalSetup has started. */
export function runningStack(): Stack {
  const { AUTHCLUSTER_INTEGRATION_STACK: stack } = process.env;
  if (stack === undefined) throw new Error('the stack is not running: use npm run test:integration');
  return JSON.parse(stack) as Stack;
}
