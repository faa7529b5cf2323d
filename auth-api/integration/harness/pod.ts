import { eventually } from '../../../dev/eventually.ts';
import { ApiProcess } from './api-process.ts';
import { Client } from './client.ts';
import { metric } from './metrics.ts';

/** A pod of the auth API: what it serves to applications, and what it tells of itself. */
export class Pod {
  readonly api: ApiProcess;
  readonly client: Client;
  readonly ops: Client;

  private constructor(api: ApiProcess) {
    this.api = api;
    this.client = new Client(api.url);
    this.ops = new Client(api.opsUrl);
  }

  static async start(environment: Record<string, string>): Promise<Pod> {
    return new Pod(await ApiProcess.start(environment));
  }

  static two(environment: Record<string, string>): Promise<[Pod, Pod]> {
    return Promise.all([Pod.start(environment), Pod.start(environment)]);
  }

  async status(token: string): Promise<number> {
    return (await this.client.verify(token)).status;
  }

  /** Resolves when its own memory answers for a session. */
  remembers(token: string): Promise<void> {
    const hits = () => metric(this.ops, 'cache_operations_total{operation="get_session",result="hit"}');
    return eventually(async () => {
      const before = await hits();
      const status = await this.status(token);
      if (status !== 200 || (await hits()) === before) throw new Error(`not answered from memory: ${status}`);
    }, 60_000);
  }

  /** The states that the circuit breaker of a dependency has entered, the oldest first. */
  circuitStates(dependency: 'primary' | 'replicas' | 'redis'): string[] {
    return this.api.log
      .filter((line) => line.includes('a circuit breaker changed its state'))
      .map((line) => JSON.parse(line) as { dependency: string; to: string })
      .flatMap((change) => (change.dependency === dependency ? [change.to] : []));
  }
}
