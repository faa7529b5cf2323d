import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { MONITORED_INPUTS, SAMPLE_INPUTS, SAMPLES, sampleCluster } from '../testing/sample-clusters.ts';
import { allObjects } from './all-objects.ts';
import type { Manifest } from './manifest.ts';
import { TEMPLATE_ANNOTATION } from './names.ts';

/** `UPDATE_GOLDEN=1 npm test -w operator -- golden` writes the files anew; review the difference like code. */
const UPDATE = process.env.UPDATE_GOLDEN === '1';
const TEMPLATE_LINE = new RegExp(`(${TEMPLATE_ANNOTATION}): .*`);

describe.each(SAMPLES)('the objects of the %s sample', (sample) => {
  test('are as last reviewed', () => {
    const file = join(import.meta.dirname, 'golden', `${sample}.yaml`);
    const cluster = sampleCluster(sample);
    const inputs = cluster.spec.monitoring.enabled ? MONITORED_INPUTS : SAMPLE_INPUTS;
    const rendered = allObjects(cluster, inputs).map(readable).join('---\n');
    if (UPDATE) writeFileSync(file, rendered);
    expect(existsSync(file) ? readFileSync(file, 'utf8') : '').toBe(rendered);
  });
});

/** Secrets as text: what is in them is the point. A pod template once: beside itself it is kept as JSON. */
function readable(object: Manifest): string {
  const { data, ...rest } = object;
  if (object.kind !== 'Secret') {
    const text = stringify(object, { lineWidth: 0, aliasDuplicateObjects: false });
    return text.replace(TEMPLATE_LINE, '$1: <the pod template, as JSON, without its colour>');
  }
  const entries = Object.entries(data as Record<string, string>);
  const stringData = entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]);
  return stringify({ ...rest, stringData: Object.fromEntries(stringData) }, { lineWidth: 0 });
}
