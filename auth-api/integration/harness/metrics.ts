import type { Client } from './client.ts';

/** The value of one series, by its name and labels as they are printed; 0 where it is not there. */
export async function metric(ops: Client, series: string): Promise<number> {
  const { body } = await ops.send<string>('GET', '/metrics');
  const line = body.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? 0 : Number(line.slice(series.length + 1));
}
