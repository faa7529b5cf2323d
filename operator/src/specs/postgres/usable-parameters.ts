import type { AuthCluster } from '../../api/authcluster.ts';
import { beyondMemory, isWithinMemory } from './memory-parameters.ts';
import { sufficesReplication, tooFewForReplication } from './replication-parameters.ts';

type Parameters = Readonly<Record<string, string>>;

/** Parameters of the spec that the database is not given, each with what is allowed and what to do, for a person. */
export function unusableParameters(cluster: AuthCluster): string[] {
  return [...beyondMemory(cluster).values(), ...tooFewForReplication(cluster)];
}

/**
 * The parameters of the spec, but for those that are beyond the memory limit, or too few for replication: of these what the
 * database has already (`running`) stays, unless that is so, too.
 */
export function usableParameters(cluster: AuthCluster, running: Parameters = {}): Parameters {
  const { parameters = {}, readReplicas } = cluster.spec.postgres;
  const fits = isWithinMemory(cluster);
  const usable = Object.entries(parameters).map(([name, value]): [string, string | undefined] => [
    name,
    [value, running[name]].find(
      (each) => each !== undefined && fits(name, each) && sufficesReplication(readReplicas, name, each),
    ),
  ]);
  return Object.fromEntries(usable.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
