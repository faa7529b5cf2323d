import type { AuthCluster } from '../../api/authcluster.ts';
import { parameterBytes } from './memory-parameters.ts';

interface Need {
  /** Patroni puts a default of its own in the place of less than this, without a word. */
  alone: number;
  /** A replica that copies the database takes two at a time: for the files, and for the log that is written meanwhile. */
  forEachReplica: number;
}

/** What members need of each other, by the name of the parameter that limits it. */
const NEEDS: ReadonlyMap<string, Need> = new Map([
  ['max_wal_senders', { alone: 3, forEachReplica: 2 }],
  ['max_replication_slots', { alone: 4, forEachReplica: 2 }],
  ['max_worker_processes', { alone: 2, forEachReplica: 0 }],
]);

/** Parameters of the spec that are too few for the members there are to be, each with what is allowed, for a person. */
export function tooFewForReplication({ spec: { postgres } }: AuthCluster): string[] {
  const { parameters = {}, readReplicas } = postgres;
  return Object.entries(parameters)
    .filter(([name, value]) => !sufficesReplication(readReplicas, name, value))
    .map(
      ([name, value]) =>
        `spec.postgres.parameters.${name}: ${JSON.stringify(value)} is too few for replication: with readReplicas ` +
        `${readReplicas} at least ${least(name, readReplicas)} is allowed; raise or remove it. Until then the database ` +
        'goes on without it',
    );
}

/** Of what is no number others tell. */
export function sufficesReplication(readReplicas: number, name: string, value: string): boolean {
  const count = parameterBytes(value, 1);
  return count === undefined || count >= least(name, readReplicas);
}

function least(name: string, readReplicas: number): number {
  const need = NEEDS.get(name);
  return need === undefined ? Number.NEGATIVE_INFINITY : need.alone + need.forEachReplica * readReplicas;
}
