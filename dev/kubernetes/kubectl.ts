import { CommandError, runCommand } from '../command.ts';

/** Any object as kubectl prints it; only what the development tools read is named. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    generation?: number;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    deletionTimestamp?: string;
  };
}

/** One cluster, spoken to by the kubectl on PATH under one context. */
export class Kubectl {
  readonly context: string;

  constructor(context: string) {
    this.context = context;
  }

  /** Runs kubectl and resolves with what it printed. Rejects with CommandError. */
  run(args: readonly string[], input?: string): Promise<string> {
    return runCommand('kubectl', ['--context', this.context, ...args], input === undefined ? {} : { input });
  }

  /** Reads one object; `undefined` where there is none. `resource` is kubectl's, such as `deployment.apps`. */
  async find<T extends KubernetesObject>(namespace: string, resource: string, name: string): Promise<T | undefined> {
    const text = await this.run(['get', '-n', namespace, resource, name, '-o', 'json', '--ignore-not-found']);
    return text.trim() === '' ? undefined : (JSON.parse(text) as T);
  }

  /** Lists the objects of a namespace, optionally those that a label selector chooses. */
  async list<T extends KubernetesObject>(namespace: string, resource: string, selector = ''): Promise<T[]> {
    const text = await this.run(['get', '-n', namespace, resource, '-l', selector, '-o', 'json']);
    return (JSON.parse(text) as { items: T[] }).items;
  }

  /** Server-side apply of one or more YAML or JSON documents; by force also over what others have changed since. */
  apply(documents: string, fieldManager = 'authcluster-dev', { force = false } = {}): Promise<string> {
    const forced = force ? ['--force-conflicts'] : [];
    return this.run(['apply', '--server-side', ...forced, '--field-manager', fieldManager, '-f', '-'], documents);
  }

  /** Whether the API server of this context answers. */
  async answers(): Promise<boolean> {
    try {
      await this.run(['get', '--raw', '/readyz', '--request-timeout', '10s']);
      return true;
    } catch (error) {
      if (error instanceof CommandError) return false;
      throw error;
    }
  }
}
