import type { AuthCluster } from '../api/authcluster.ts';
import { stableHash } from '../controller/hash.ts';
import { allObjects } from '../specs/all-objects.ts';
import type { Manifest } from '../specs/manifest.ts';
import { SHAPE_ANNOTATION } from '../specs/names.ts';
import { postgresParameters } from '../specs/postgres/parameters.ts';
import { clusterWith, MONITORED_INPUTS, SAMPLE_INPUTS } from './sample-clusters.ts';

/** An AuthCluster as the API server had it when a release was made, and of each of its tiers a hash. */
export interface ReleasedCluster {
  name: string;
  /** With the defaults of that release: what is stored keeps them when a later one has others. */
  spec: object;
  tiers: Readonly<Record<string, string>>;
}

/** Parameters whose change reaches PostgreSQL without a restart. One that is new counts as one that needs it. */
const RELOADED = [
  ...['effective_cache_size', 'maintenance_work_mem', 'work_mem', 'max_wal_size', 'max_slot_wal_keep_size'],
  ...['wal_keep_size', 'wal_compression', 'random_page_cost', 'log_checkpoints', 'log_lock_waits'],
  ...['log_min_duration_statement', 'idle_in_transaction_session_timeout', 'password_encryption'],
];

/** Of each tier (`postgres`, `redis`, `pooler-rw` …) what, when it changes, gets its pods replaced or restarted. */
export function tiersOf({ name, spec }: Pick<ReleasedCluster, 'name' | 'spec'>): Record<string, string> {
  const cluster = clusterWith(spec, name);
  const inputs = cluster.spec.monitoring.enabled ? MONITORED_INPUTS : SAMPLE_INPUTS;
  const workloads = allObjects(cluster, inputs).filter(({ kind }) => kind === 'StatefulSet' || kind === 'Deployment');
  const tiers = Map.groupBy(workloads, ({ metadata }) => `${metadata.labels?.['app.kubernetes.io/component']}`);
  return Object.fromEntries(
    [...tiers].map(([tier, objects]) => {
      const restarting = [...objects.map(replacing), ...(tier === 'postgres' ? [restartParameters(cluster)] : [])];
      return [tier, stableHash(restarting).slice(0, 12)];
    }),
  );
}

interface WorkloadSpec {
  updateStrategy?: { type: string };
  template: { metadata: { annotations?: Record<string, string> } };
  [field: string]: unknown;
}

/** The name, fields that cannot be changed once it is there, and what its pods are replaced for. */
function replacing({ kind, metadata: { name }, spec }: Manifest): object {
  const { selector, serviceName, podManagementPolicy, volumeClaimTemplates, updateStrategy, template } =
    spec as WorkloadSpec;
  // Databases take a newer template when they are next made: docs/adr/0015-releases-restart-no-database.md.
  const pods = updateStrategy?.type === 'OnDelete' ? template.metadata.annotations?.[SHAPE_ANNOTATION] : template;
  return { kind, name, selector, serviceName, podManagementPolicy, volumeClaimTemplates, pods };
}

function restartParameters(cluster: AuthCluster): object {
  return Object.fromEntries(Object.entries(postgresParameters(cluster)).filter(([name]) => !RELOADED.includes(name)));
}

/** Tiers of the release's AuthClusters that this operator would replace or restart, and that the changelog does not name. */
export function untoldRestarts(released: readonly ReleasedCluster[], changelog: string): string[] {
  const told = section(section(changelog, '## [Unreleased]'), '### Restarts');
  const restarted = released.flatMap((cluster) => {
    const now = tiersOf(cluster);
    return Object.keys(cluster.tiers).filter((tier) => now[tier] !== cluster.tiers[tier]);
  });
  return [...new Set(restarted)].filter((tier) => !told.includes(`\`${tier}\``));
}

/** The version of the newest release in a changelog. */
export function newestRelease(changelog: string): string | undefined {
  return /^## \[(\d[^\]]*)\]/m.exec(changelog)?.[1];
}

/** What stands below a heading, up to the next one of its level. */
function section(text: string, heading: string): string {
  const lines = text.split('\n');
  const from = lines.indexOf(heading) + 1;
  const level = heading.slice(0, heading.indexOf(' ') + 1);
  const to = lines.findIndex((line, index) => index >= from && line.startsWith(level));
  return from === 0 ? '' : lines.slice(from, to === -1 ? undefined : to).join('\n');
}
