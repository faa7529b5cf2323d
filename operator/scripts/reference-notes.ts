import type { Resources } from '../src/api/generated/authcluster.ts';
import { RESERVED_CONNECTIONS } from '../src/specs/pooler/connection-budget.ts';
import { DEFAULT_MAX_CONNECTIONS } from '../src/specs/postgres/parameters.ts';
import { DEFAULT_RESOURCES, defaultRedisResources } from '../src/specs/resources.ts';
import { CONDITIONS } from '../src/status/conditions.ts';
import { REASONS } from '../src/status/reasons.ts';

/** What the operator chooses where `resources` is left out, from the constants it chooses by. */
export function resourceDefaults(): string[] {
  const rows: [string, Resources][] = [
    ['`spec.api`', DEFAULT_RESOURCES.api],
    ['`spec.gateway`', DEFAULT_RESOURCES.gateway],
    ['`spec.postgres`', DEFAULT_RESOURCES.postgres],
    ['`spec.postgres.pooler`', DEFAULT_RESOURCES.pooler],
    ['`spec.redis`, with `maxMemory: 8Gi`', defaultRedisResources('8Gi')],
    ['`spec.redis`, with `maxMemory: 512Mi`', defaultRedisResources('512Mi')],
    ['migrations', DEFAULT_RESOURCES.migrations],
    ['cache warming', DEFAULT_RESOURCES.warming],
    ['each exporter', DEFAULT_RESOURCES.exporter],
  ];
  return [
    '## Resources',
    '',
    'What each pod of a tier gets where `resources` is left out. Redis gets its `maxMemory` with a quarter and 32Mi to',
    'spare.',
    '',
    '| Tier | CPU requested | CPU limit | Memory requested | Memory limit |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(([tier, { requests, limits }]) => {
      const cells = [requests?.cpu, limits?.cpu, requests?.memory, limits?.memory];
      return `| ${[tier, ...cells.map((cell) => cell ?? 'none')].join(' | ')} |`;
    }),
    '',
  ];
}

export function connectionBudgetNotes(): string[] {
  return [
    '## Connection budget',
    '',
    'Between the auth API and PostgreSQL, connections must add up on both sides of the poolers, and the API server',
    'refuses an AuthCluster for which they do not.',
    '',
    '- **API to poolers.** A rollout may run twice `api.autoscaling.maxReplicas` pods. Times `api.pools.write` (and',
    '  `api.pools.read`, if there are read replicas), that must not exceed `postgres.pooler.instances` x',
    '  `postgres.pooler.maxClientConnections`.',
    `- **Poolers to PostgreSQL.** Of \`max_connections\` (${DEFAULT_MAX_CONNECTIONS} unless set in \`postgres.parameters\`),`,
    `  ${RESERVED_CONNECTIONS} are kept free for superusers, Patroni, the operator, migrations and monitoring.`,
    '  The rest is shared by twice the pooler pods, since old and new ones run side by side in',
    `  a rollout: each may open (\`max_connections\` - ${RESERVED_CONNECTIONS}) / (2 x \`instances\`; where poolers`,
    '  are autoscaled, of `autoscaling.maxInstances`), at least 5.',
    '  `status.pooler.poolSize` shows the result.',
    '',
  ];
}

export function conditionNotes(): string[] {
  return [
    '## Conditions',
    '',
    'Each has a reason for programs and a message for people. `observedGeneration` says which version of the spec it is',
    'about: wait for `status.observedGeneration` to equal `metadata.generation`, then for `Ready`.',
    '',
    '| Type | True when |',
    '| --- | --- |',
    ...Object.entries(CONDITIONS).map(([type, when]) => `| \`${type}\` | ${when} |`),
    '',
    'The conditions of tiers say whether they do their work, be it with less than was declared; `Ready` says the rest.',
    '',
    '| Reason | What it stands for, and what to do |',
    '| --- | --- |',
    ...Object.entries(REASONS).map(([reason, text]) => `| \`${reason}\` | ${text} |`),
    '| `ErrImagePull`, `ImagePullBackOff`, `Unschedulable`, … | Of a pod: the message has what Kubernetes says, and what to do. |',
    '| `Error`, `OOMKilled`, … | A container of a pod ends, again and again: the message has what it said last, or where to look. |',
    '| `Forbidden`, `Invalid`, … | The API server refuses an object, because of a quota for instance: the message has what it says. |',
    '',
  ];
}
