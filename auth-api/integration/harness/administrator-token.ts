import { eventually } from '../../../dev/eventually.ts';
import type { Client } from './client.ts';
import { administrator } from './stack.ts';

/** An access token of the first administrator, once the server has made that account. */
export function administratorToken(client: Client, timeoutMs?: number): Promise<string> {
  return eventually(async () => {
    const { status, body } = await client.login(administrator);
    if (status !== 200) throw new Error('there is no administrator yet');
    return body.access_token;
  }, timeoutMs);
}
