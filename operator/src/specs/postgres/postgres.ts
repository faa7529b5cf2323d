import type { AuthCluster } from '../../api/authcluster.ts';
import type { BuilderInputs } from '../inputs.ts';
import type { Manifest } from '../manifest.ts';
import { names, PORTS, ROLE_LABEL } from '../names.ts';
import { headlessService, service } from '../services.ts';
import { patroniAccess } from './access.ts';
import { disruptionBudgets } from './disruption.ts';
import { patroniConfigMap } from './patroni.ts';
import { replicationLoginSecret } from './replication-login.ts';
import { type KeptOfPostgres, postgresStatefulSet } from './stateful-set.ts';

/** PostgreSQL under Patroni; nothing where the database is external. */
export function postgres(cluster: AuthCluster, inputs: BuilderInputs, kept: KeptOfPostgres = {}): Manifest[] {
  if (cluster.spec.postgres.mode === 'External') return [];
  const name = names(cluster);
  const hasReplicas = cluster.spec.postgres.readReplicas > 0;
  return [
    ...patroniAccess(cluster),
    patroniConfigMap(cluster),
    replicationLoginSecret(cluster, inputs.credentials),
    headlessService(cluster, {
      component: 'postgres',
      name: name.postgres,
      ports: [
        { name: 'postgres', port: PORTS.postgres, targetPort: 'postgres' },
        { name: 'patroni', port: PORTS.patroni, targetPort: 'patroni' },
      ],
    }),
    memberService(cluster, name.postgresPrimary, { [ROLE_LABEL]: 'primary' }),
    ...(hasReplicas ? [memberService(cluster, name.postgresReplicas, { [ROLE_LABEL]: 'replica' })] : []),
    memberService(cluster, name.postgresAny, {}),
    ...disruptionBudgets(cluster, inputs, kept.primaryMayGo),
    ...(kept.leaving ? [] : [postgresStatefulSet(cluster, inputs, kept)]),
  ];
}

/** Members that are ready, of the role that Patroni labels them with or of any. */
function memberService(cluster: AuthCluster, name: string, labels: Readonly<Record<string, string>>): Manifest {
  return service(cluster, {
    component: 'postgres',
    name,
    labels,
    ports: [{ name: 'postgres', port: PORTS.postgres, targetPort: 'postgres' }],
  });
}
