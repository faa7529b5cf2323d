import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { monitored } from './monitoring.ts';

test('an AuthCluster that is monitored is the same but for its exporters and who may read them', async () => {
  const sample = await readFile('manifests/samples/development.yaml', 'utf8');
  const read = (text: string) => parseAllDocuments(text).map((document) => document.toJS());
  const [namespace, cluster] = read(sample);
  expect(read(monitored(sample))).toEqual([
    namespace,
    {
      ...cluster,
      spec: {
        ...cluster.spec,
        monitoring: { enabled: true },
        networkPolicy: {
          scrapers: [{ namespace: 'monitoring', podLabels: { 'app.kubernetes.io/name': 'prometheus' } }],
        },
      },
    },
  ]);
});
