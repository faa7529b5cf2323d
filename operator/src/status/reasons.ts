import type { ExternalProblemReason } from '../external/problem.ts';

const EXTERNAL = 'Of an external server, as the message says, with field and fix; what runs keeps its login.';

/**
 * Every reason that the operator itself gives for a condition, with what it stands for and what a person can do. Of pods
 * that do not run, and of what the API server refuses, conditions have the words of Kubernetes.
 */
export const REASONS = {
  Ready: 'As declared.',
  Settled: 'Every tier is as declared.',
  AsDeclared: 'Nothing needs attention.',
  Adding: 'Servers are made to take the new credentials beside the former; the message says who does not yet.',
  Moving: 'The new credentials are used; the message says who has not read them yet.',
  Removing: 'The former credentials are taken no more; the message says who has to be seen to refuse them.',
  Blocked: 'Something does not pass by itself: `Degraded` says what.',
  Paused: 'Nothing is changed but the status. Set `spec.paused` to false to go on.',
  Hibernating: 'Pods are still leaving.',
  Hibernated: 'No pod runs, and the data are kept. Set `spec.hibernated` to false to wake it.',
  Creating: 'The StatefulSets are being created.',
  Starting: 'No Redis node answers yet.',
  Bootstrapping: 'The database is being created.',
  CreatingAccounts: 'Roles, database and privileges are being created.',
  Connecting: 'An external server has not been looked at yet.',
  CheckingPath: 'A log-in through the poolers is being tried.',
  WaitingForDatabase: 'Begins when the database serves.',
  WaitingForDataTiers: 'Begins when database, poolers and Redis serve and the migrations are done.',
  WaitingForMigrations: 'A rollout begins when the migrations of its image are done.',
  WaitingForApi: 'Begins when the auth API serves.',
  NotReady: 'No pod is ready: see its events and logs.',
  RollingOut: 'It serves; pods are being replaced.',
  ScalingUp: 'It serves; fewer pods than the least number are ready.',
  ReplicasNotReady: 'The primary serves; fewer replicas than declared are ready.',
  ChangeWaits:
    'Database pods are to be restarted or replaced, or the primary is to move; the message says what it waits for.',
  Restarting: 'PostgreSQL is restarted for a setting, pod by pod, the primary behind paused poolers.',
  SwitchingOver: 'Another pod becomes the primary; writes wait for it.',
  SwitchoverRefused:
    'The pod that the annotation names cannot be the primary: the message says which can; with `postgres.mode: External` none. Correct or remove it.',
  SwitchoverGivenUp: 'Writes could not be held back, or Patroni refused, as the message says; it is tried again.',
  ParametersRefused:
    'The database serves without what the message names of `postgres.parameters`: correct or remove it. What PostgreSQL does not take is seen a minute after a change, what is beyond the memory limit, or too few for replication, at once.',
  GrowingStorage: 'Volumes are to grow, which their driver does.',
  GrowthFailed:
    'The driver of a volume cannot grow it, as the message says; the size that it is to have stays asked for.',
  StorageNotExpandable: 'The storage class does not let volumes grow: set the size back, or have the class allow it.',
  Rearranging: 'All slots are served; Redis is being brought into its form.',
  NodesNotReady: 'All slots are served; fewer nodes or shards than declared are ready.',
  Running: 'The migrations run.',
  ImageUnknown: 'This operator has no image for what is declared: `Ready` says for what. Upgrade the operator.',
  PrimaryMissing: 'Patroni elects a primary as soon as a member is fit: see the logs of the PostgreSQL pods.',
  PrimaryNotReady: 'The primary is not ready: see the logs of its pod.',
  PrimaryUnreachable:
    'No log-in through the poolers comes to a primary that takes writes; the message has what was answered.',
  ReplicasUnreachable: 'No replica answers; the API reads from the primary meanwhile, within its pool for writes.',
  SlotsNotCovered: 'The operator brings Redis together; if it stays, see the logs of the Redis pods.',
  MigrationFailed: 'See the logs of the Job that the message names; delete the Job to try again.',
  MigrationRetrying: 'An attempt failed and is repeated: see the logs of the Job.',
  QuotaExceeded:
    'A quota of the namespace, named by the message, leaves a workload without pods that it should have: raise it, or ask for less.',
  PodsRefused:
    'Pods may not be made, as the message says: change the LimitRange, the Pod Security level or the webhook that refuses them.',
  AutoscalerBlind:
    'An autoscaler has measured nothing for minutes, and the number of pods stays as it is: install or mend metrics-server, as the message says.',
  GatewayNotBelieved:
    'Pods of the gateway have addresses outside of `api.clusterNetworks`, and so all of their clients share one limit of the auth API: add the network of pods there.',
  GatewayNotExposed:
    'Nobody outside of the cluster is led to the gateway: a Service without an address, an Ingress without a class, or an HTTPRoute that no Gateway has answered, for five minutes. Do as the message says.',
  RolloutStarting: 'Pods of the new revision are starting.',
  RolloutChecking: 'The new revision is ready and is being checked.',
  RolloutBaking: 'The new revision has the traffic and is watched.',
  RolloutStuck:
    'New pods of a Deployment may not be made, do not become ready, or do not pass their check; the old ones serve on. Do as the message says.',
  RolledBack: 'The new revision did worse, as the message says; the old one serves. Change the spec, or promote it.',
  RolloutAborted: 'The annotation `authcluster.dev/abort` names the wanted revision. Change the spec, or remove it.',
  SecretMissing: 'Create the Secret that the message names, with the keys it names; looked for every half minute.',
  SecretIncomplete: 'Add the key that the message names to the Secret; the operator never changes it.',
  SecretMalformed: 'Mend the value that the message names in the Secret; looked for every half minute.',
  ConfigMapMissing:
    'Create the ConfigMap that the message names, with the keys it names; looked for every half minute.',
  ConfigMapIncomplete: 'Add the key that the message names to the ConfigMap.',
  ExtensionMissing: 'Install what the message names in the cluster, or change what asks for it.',
  NameTaken:
    'An object of somebody else has a name that is needed, and is left alone: rename or remove what the message names, or give the AuthCluster another name. Looked for every half minute.',
  RouteRefused:
    'The Gateway that the message names does not take the HTTPRoute: change its listener, or `gateway.expose`. What led to the gateway before stays.',
  CertificateNotIssued:
    'cert-manager has no certificate for the gateway, as the message says: see that its issuer is there and ready. What served before stays.',
  SigningKeysMalformed:
    'Mend keyset.json as the message says; deleted, the Secret is made anew, and access tokens of before are refused.',
  HostNotFound: EXTERNAL,
  Unreachable: EXTERNAL,
  TlsFailed: EXTERNAL,
  ClientCertificateRequired: EXTERNAL,
  AuthenticationFailed: EXTERNAL,
  PermissionDenied: EXTERNAL,
  DatabaseMissing: 'See [Use an external database](../how-to/use-an-external-database.md).',
  NotPrimary: 'See [Use an external database](../how-to/use-an-external-database.md).',
  NotReplica: 'See [Use an external database](../how-to/use-an-external-database.md).',
  PositionMissing: 'See [Use an external database](../how-to/use-an-external-database.md).',
  TooFewConnections: 'See [Use an external database](../how-to/use-an-external-database.md).',
  UsernameReserved:
    'The role of the application is named as a user of the poolers: log in to the external database as another.',
  TopologyMismatch: 'See [Use an external Redis](../how-to/use-an-external-redis.md).',
  VersionTooOld: 'See [Use an external Redis](../how-to/use-an-external-redis.md).',
  ServerNotWhole: 'See [Use an external Redis](../how-to/use-an-external-redis.md).',
  ServerRefused: 'An external server gave an answer that is not known; the message has it.',
  StepFailed: 'The message is that of the API server or of the server that refused; the operator tries again.',
} as const satisfies Record<ExternalProblemReason, string> & Record<string, string>;

export type Reason = keyof typeof REASONS;
