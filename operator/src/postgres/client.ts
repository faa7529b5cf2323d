import { Socket } from 'node:net';
import { Client, type ClientConfig } from 'pg';

export interface OpenedClient {
  client: Client;
  /** Resolves soon, whatever the server does. */
  close(): Promise<void>;
}

const CLOSE_TIMEOUT_MS = 1000;

/**
 * A client that is not connected yet. Of itself node-postgres waits until the server lets go, which one that is frozen, or
 * that refused in the middle of a TLS handshake, never does: so the connection is cut then.
 */
export function openClient(config: ClientConfig): OpenedClient {
  const socket = new Socket();
  const client = new Client({ application_name: 'authcluster-operator', ...config, stream: () => socket });
  // A connection that breaks between queries emits this; the next query reports it.
  client.on('error', () => undefined);
  const close = async () => {
    const limit = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS);
    await client.end().catch(() => undefined);
    clearTimeout(limit);
  };
  return { client, close };
}
