import type { AuthCluster } from '../api/authcluster.ts';
import { hasCondition } from '../kubernetes/objects.ts';
import { type MigrationInputs, migrationsJob } from '../specs/migrations/migrations.ts';
import type { Observed } from './observed.ts';
import type { Reason } from './reasons.ts';
import { complete, type TierState, waiting } from './tier-state.ts';

export function migrations(cluster: AuthCluster, { jobs }: Observed, inputs: MigrationInputs | undefined): TierState {
  if (inputs === undefined) return waiting('ImageUnknown', 'it is not known which image to run');
  const { name } = migrationsJob(cluster, inputs).metadata;
  const job = jobs.get(name);
  if (job === undefined) return waiting('WaitingForDatabase', `Job ${name} begins when the database serves`);
  if (hasCondition(job, 'Complete')) return complete(`Job ${name} is done`);
  const failedAttempts = job.status?.failed ?? 0;
  const failed = hasCondition(job, 'Failed');
  const { namespace } = cluster.metadata;
  if (!failed && failedAttempts === 0) {
    const why = `kubectl describe -n ${namespace} job/${name}`;
    return waiting('Running', job.status?.active ? `Job ${name} runs` : `Job ${name} has no pod yet: ${why} tells why`);
  }
  const logs = `kubectl logs -n ${namespace} job/${name}`;
  const trouble: { reason: Reason; message: string } = failed
    ? { reason: 'MigrationFailed', message: `Job ${name} gave up: see ${logs}; delete the Job to try again` }
    : {
        reason: 'MigrationRetrying',
        message: `Job ${name} failed ${failedAttempts} times and tries again: see ${logs}`,
      };
  return { ...waiting(trouble.reason, trouble.message), trouble };
}
