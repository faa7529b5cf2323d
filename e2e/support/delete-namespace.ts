import { deleteNamespace } from './namespace.ts';

/**
 * Before and after a run: what it left, volumes and credentials included, must not help or hinder the next one. With
 * E2E_KEEP=1 it stays, for who runs one test after another by name.
 */
export default async function unlessKept(): Promise<void> {
  if (process.env.E2E_KEEP !== '1') await deleteNamespace();
}
