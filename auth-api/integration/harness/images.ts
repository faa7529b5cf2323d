import { readFile } from 'node:fs/promises';
import { hasImage } from '../../../dev/containers/container.ts';

export interface Images {
  readonly postgres: string;
  readonly pgbouncer: string;
  readonly redis: string;
}

const valuesUrl = new URL('../../../.make/images.yaml', import.meta.url);

/** The project's images as `make images` built them last. */
export async function projectImages(): Promise<Images> {
  const values = await readFile(valuesUrl, 'utf8').catch(() => '');
  const image = (name: string) => new RegExp(`^  ${name}: .*?([\\w./-]+/${name}:[\\w.-]+)`, 'm').exec(values)?.[1];
  const [postgres, pgbouncer, redis] = [image('postgres'), image('pgbouncer'), image('redis')];
  if (postgres === undefined || pgbouncer === undefined || redis === undefined) {
    throw new Error('the images are not there: run `make images` first');
  }
  for (const name of [postgres, pgbouncer, redis]) {
    if (!(await hasImage(name))) throw new Error(`the image ${name} is not there: run \`make images\` first`);
  }
  return { postgres, pgbouncer, redis };
}
