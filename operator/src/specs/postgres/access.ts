import type { AuthCluster } from '../../api/authcluster.ts';
import type { Manifest } from '../manifest.ts';
import { ownedMetadata } from '../metadata.ts';
import { names } from '../names.ts';

/**
 * What Patroni may do: keep its state in ConfigMaps and its role in pod labels. RBAC cannot tell these ConfigMaps from
 * others of the namespace: creation and watching cannot be narrowed by name.
 */
export function patroniAccess(cluster: AuthCluster): Manifest[] {
  const name = names(cluster).postgres;
  const metadata = ownedMetadata(cluster, 'postgres', name);
  const rbac = 'rbac.authorization.k8s.io';
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata,
      rules: [
        { apiGroups: [''], resources: ['configmaps'], verbs: ['create', 'get', 'list', 'patch', 'watch'] },
        { apiGroups: [''], resources: ['pods'], verbs: ['list', 'patch', 'watch'] },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: cluster.metadata.namespace }],
    },
  ];
}
