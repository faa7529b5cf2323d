import { groupOf, resourceOf } from './resources.ts';

export interface PolicyRule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

/** Kinds of which a change of the spec may make an object unwanted: the operator deletes it. */
export const PRUNED_KINDS = [
  'Certificate',
  'ConfigMap',
  'CronJob',
  'Deployment',
  'HTTPRoute',
  'HorizontalPodAutoscaler',
  'Ingress',
  'Job',
  'NetworkPolicy',
  'PodDisruptionBudget',
  'PodMonitor',
  'PrometheusRule',
  'Service',
  'StatefulSet',
] as const;

/** Kinds that builders produce: watched and applied. Those not pruned only ever go with their AuthCluster. */
export const MANAGED_KINDS = [...PRUNED_KINDS, 'Role', 'RoleBinding', 'Secret', 'ServiceAccount'] as const;

const MANAGED_VERBS = ['list', 'watch', 'create', 'patch'];

/** What Patroni's own Role holds: nobody may grant what they do not have. */
export const PATRONI_RULES: readonly PolicyRule[] = [
  { apiGroups: [''], resources: ['configmaps'], verbs: ['create', 'get', 'list', 'patch', 'watch'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['list', 'patch', 'watch'] },
];

interface Grant {
  kind: string;
  subresource?: string;
  verbs: readonly string[];
}

/** Every verb the operator uses, in the namespaces it watches. Its own lease is granted apart, in its namespace. */
const GRANTS: readonly Grant[] = [
  // patch: takes away an annotation that asked for something, when it is done.
  { kind: 'AuthCluster', verbs: ['list', 'watch', 'patch'] },
  { kind: 'AuthCluster', subresource: 'status', verbs: ['patch'] },
  // blockOwnerDeletion needs it where OwnerReferencesPermissionEnforcement is on.
  { kind: 'AuthCluster', subresource: 'finalizers', verbs: ['update'] },
  ...MANAGED_KINDS.map((kind) => ({ kind, verbs: MANAGED_VERBS })),
  ...PRUNED_KINDS.map((kind) => ({ kind, verbs: ['delete'] })),
  // Credentials are read live before one is generated, and never kept by a watch.
  { kind: 'Secret', verbs: ['get'] },
  // What the spec refers to, and somebody else makes.
  { kind: 'ConfigMap', verbs: ['get'] },
  // patch: takes the primary's label from a database pod that no longer leads. delete: replaces an older one.
  { kind: 'Pod', verbs: ['list', 'watch', 'patch', 'delete'] },
  // patch: has a volume grow. delete: that of a database pod that the spec no longer has.
  { kind: 'PersistentVolumeClaim', verbs: ['list', 'watch', 'patch', 'delete'] },
  // Where the primary's Service sends connections, while the primary moves.
  { kind: 'EndpointSlice', verbs: ['list', 'watch'] },
  // list: why a workload does not get its pods, which a StatefulSet and a Job tell by events alone.
  { kind: 'Event', verbs: ['list', 'create', 'patch'] },
];

/** Beyond namespaces; an operator that watches some namespaces alone does without. */
const CLUSTER_GRANTS: readonly Grant[] = [
  // Which nodes are about to be drained.
  { kind: 'Node', verbs: ['list', 'watch'] },
];

const VERB_ORDER = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];

/** The rules of the operator's ClusterRole (or of its Role in each watched namespace): no more than is used. */
export function operatorRules(): PolicyRule[] {
  return rulesOf(GRANTS, PATRONI_RULES);
}

/** What its ClusterRole holds beside them. */
export function clusterRules(): PolicyRule[] {
  return rulesOf(CLUSTER_GRANTS, []);
}

function rulesOf(grants: readonly Grant[], others: readonly PolicyRule[]): PolicyRule[] {
  const verbs = new Map<string, Set<string>>();
  const allow = (group: string, resource: string, allowed: readonly string[]) => {
    const key = `${group}/${resource}`;
    const known = verbs.get(key) ?? new Set<string>();
    for (const verb of allowed) known.add(verb);
    verbs.set(key, known);
  };
  for (const { kind, subresource, verbs: allowed } of grants) {
    const resource = resourceOf(kind);
    allow(
      groupOf(resource),
      subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`,
      allowed,
    );
  }
  for (const { apiGroups, resources, verbs: allowed } of others) {
    for (const group of apiGroups) for (const resource of resources) allow(group, resource, allowed);
  }
  return merged(verbs);
}

/** Resources of one group with equal verbs share a rule. Keys are `group/resource` or `group/resource/subresource`. */
function merged(verbs: ReadonlyMap<string, ReadonlySet<string>>): PolicyRule[] {
  const rules = new Map<string, PolicyRule>();
  for (const [key, allowed] of [...verbs].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const slash = key.indexOf('/');
    const group = key.slice(0, slash);
    const ordered = VERB_ORDER.filter((verb) => allowed.has(verb));
    const id = `${group}:${ordered}`;
    const rule = rules.get(id) ?? { apiGroups: [group], resources: [], verbs: ordered };
    rule.resources.push(key.slice(slash + 1));
    rules.set(id, rule);
  }
  return [...rules.values()];
}

/** The rules as the chart includes them: one flow sequence a line, so that a person can compare them. */
export function rulesYaml(policy: readonly PolicyRule[]): string {
  const flow = (values: readonly string[]) => `[${values.map((value) => value || '""').join(', ')}]`;
  const rules = policy.map(
    ({ apiGroups, resources, verbs }) =>
      `- apiGroups: ${flow(apiGroups)}\n  resources: ${flow(resources)}\n  verbs: ${flow(verbs)}\n`,
  );
  return `# Generated from operator/src/kubernetes/rbac.ts by \`npm run generate -w operator\`.\n${rules.join('')}`;
}
