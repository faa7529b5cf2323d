import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import type { AuthCluster } from '../../src/api/authcluster.ts';

/** `UPDATE_GOLDEN=1 npm run test:integration -w operator -- phases` writes the files anew; review them like code. */
const UPDATE = process.env.UPDATE_GOLDEN === '1';
const TIME = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;
const HASH = /\b(?=[0-9a-f]*\d)[0-9a-f]{10}\b/g;

/** An AuthCluster as text that is the same in every run: of its metadata and spec what says how to take its status. */
export function recordOf(cluster: AuthCluster, writtenSpec: object): string {
  const { apiVersion, kind, metadata, status } = cluster;
  const { name, namespace, generation, deletionTimestamp } = metadata;
  const kept = { name, namespace, generation, deletionTimestamp };
  const text = JSON.stringify({ apiVersion, kind, metadata: kept, spec: writtenSpec, status })
    .replaceAll(namespace, 'auth')
    .replaceAll(TIME, '2026-01-02T03:04:05Z')
    .replaceAll(HASH, '0123456789');
  return stringify(JSON.parse(text), { lineWidth: 0, compat: 'yaml-1.1' });
}

/** What was last reviewed of a phase: read by the tests of what other tools make of it, too. */
export function reviewed(phase: string, now: string): string {
  const file = new URL(`../phases/${phase}.yaml`, import.meta.url);
  if (UPDATE) writeFileSync(file, now);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
