import { removeContainers } from '../../../dev/containers/container.ts';
import { runCommand } from './api-process.ts';
import { migrateEnvironment, startStack } from './stack.ts';

/** The stack that all tests share; they find it by runningStack(). */
export default async function setUp(): Promise<void> {
  try {
    const stack = await startStack();
    const { exitCode, log } = await runCommand('migrate', migrateEnvironment(stack));
    if (exitCode !== 0) throw new Error(`the migrations failed:\n${log.join('\n')}`);
    process.env.AUTHCLUSTER_INTEGRATION_STACK = JSON.stringify(stack);
  } catch (error) {
    await removeContainers();
    throw error;
  }
}
