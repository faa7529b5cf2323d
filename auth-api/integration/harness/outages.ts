import { Container } from '../../../dev/containers/container.ts';
import { runningStack } from './running-stack.ts';

/** How servers of the stack go away: their connections end, or stay open and silent. */
export const outages = ['killed', 'silent'] as const;

export type Outage = (typeof outages)[number];

export interface Ended {
  /** Brings back what is still away; again does nothing. */
  end(): Promise<void>;
}

/** Takes servers away, by their names in the stack. Nothing stays away where it cannot be done to all of them. */
export async function begin(outage: Outage, ...names: readonly string[]): Promise<Ended> {
  const servers = names.map((name) => new Container(runningStack().containers[name] ?? ''));
  const [fail, recover] =
    outage === 'killed'
      ? [(server: Container) => server.kill(), (server: Container) => server.restart()]
      : [(server: Container) => server.pause(), (server: Container) => server.resume()];
  const away = new Set<Container>();
  const end = async () => {
    const back = [...away];
    away.clear();
    await Promise.all(back.map(recover));
  };
  const failures = await Promise.allSettled(servers.map((server) => fail(server).then(() => away.add(server))));
  const failed = failures.find((each) => each.status === 'rejected');
  if (failed !== undefined) {
    await end();
    throw failed.reason;
  }
  return { end };
}
