import { administratorToken } from './administrator-token.ts';
import { ApiProcess } from './api-process.ts';
import { type Answer, Client } from './client.ts';
import { runningStack } from './running-stack.ts';
import { serveEnvironment } from './stack.ts';

/** The first one makes the account, on a machine that may be busy. */
const firstLoginMs = 120_000;

/** A pod of the running stack, and the first administrator, who asks it for things. */
export class Administration {
  readonly api: ApiProcess;
  readonly client: Client;
  readonly token: string;

  private constructor(api: ApiProcess, client: Client, token: string) {
    this.api = api;
    this.client = client;
    this.token = token;
  }

  static async start(environment: Record<string, string> = {}): Promise<Administration> {
    const api = await ApiProcess.start({ ...serveEnvironment(runningStack()), ...environment });
    const client = new Client(api.url);
    try {
      return new Administration(api, client, await administratorToken(client, firstLoginMs));
    } catch (error) {
      await api.stop();
      throw error;
    }
  }

  /** Below /v1/admin. */
  send<Body = Record<string, unknown>>(method: string, path: string, body?: object): Promise<Answer<Body>> {
    return this.client.send(method, `/v1/admin${path}`, {
      token: this.token,
      ...(body === undefined ? {} : { body }),
    });
  }

  stop(): Promise<void> {
    return this.api.stop();
  }
}
