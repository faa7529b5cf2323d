import { rm } from 'node:fs/promises';
import { removeContainers } from '../../../dev/containers/container.ts';
import { runningStack } from './running-stack.ts';

export default async function tearDown(): Promise<void> {
  await removeContainers();
  await rm(runningStack().directory, { recursive: true, force: true });
}
