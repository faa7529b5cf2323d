/** `make generate`, the part that starts from the chart: manifests/install.yaml and the chart's README. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { chartReadme } from './generate/chart-readme.ts';
import { installManifest } from './generate/install-manifest.ts';

const CHART = 'helm/authcluster-operator';

await mkdir('manifests', { recursive: true });
await writeFile('manifests/install.yaml', await installManifest(CHART));
await writeFile(`${CHART}/README.md`, chartReadme(await readFile(`${CHART}/values.yaml`, 'utf8')));
