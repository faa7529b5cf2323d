import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { runCommand } from '../../dev/command.ts';
import { CHART } from '../../dev/kubernetes/operator-release.ts';
import { localWorkers } from './nodes.ts';
import { ROOT } from './operator-release.ts';

/**
 * Gives the images that the nodes of the local cluster have the names of the chart's release, as if they had pulled that: what
 * guides install by the chart alone then starts.
 */
export async function nameAsRelease(): Promise<void> {
  const { appVersion } = parse(await readFile(`${ROOT}/${CHART}/Chart.yaml`, 'utf8')) as { appVersion: string };
  const { images } = parse(await readFile(`${ROOT}/.make/images.yaml`, 'utf8')) as { images: object };
  const built = Object.values(images).flatMap((image: string | object) =>
    typeof image === 'string' ? image : (Object.values(image) as string[]),
  );
  const tags = built.map(
    (image) => `ctr -n k8s.io images tag --force ${image} ${image.replace(/dev-\w+$/, appVersion)}`,
  );
  const nodes = await localWorkers();
  await Promise.all(nodes.map((node) => runCommand('docker', ['exec', node, 'sh', '-ec', tags.join('\n')])));
}
