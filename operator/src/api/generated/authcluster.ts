// Generated from crds/authclusters.yaml by `npm run generate -w operator`. Do not edit.

/**
 * What the operator saw last. Written by the operator alone.
 */
export interface AuthClusterStatus {
  /**
   * The metadata.generation that this status is about; -1: not looked at yet.
   */
  observedGeneration?: number;
  /**
   * What holds and what does not: Ready, Progressing, Degraded, and one condition per tier. Reasons and messages name the next thing to do.
   *
   * Items: One condition.
   */
  conditions?: StatusCondition[];
  /**
   * The URL of the service inside the Kubernetes cluster.
   */
  endpoint?: string;
  /**
   * The auth API.
   */
  api?: {
    /**
     * Pods that are ready, of those desired, such as 4/4.
     */
    ready?: string;
    /**
     * Pods that are ready.
     */
    readyReplicas?: number;
    /**
     * Pods that the autoscaler wants at present.
     */
    desiredReplicas?: number;
    /**
     * The image that serves.
     */
    image?: string;
    /**
     * The tag of the image that serves, or the beginning of its digest.
     */
    version?: string;
    /**
     * The Deployment that gets the traffic.
     */
    activeColor?: 'blue' | 'green';
    /**
     * How far the wanted revision has got.
     */
    rollout?: {
      /**
       * The step.
       */
      phase?: 'Stable' | 'WaitingForMigrations' | 'Starting' | 'Checking' | 'Baking' | 'RolledBack' | 'Aborted';
      /**
       * The revision that the spec asks for: what the annotations authcluster.dev/promote and authcluster.dev/abort name.
       */
      revision?: string;
      /**
       * What happens, for people.
       */
      message?: string;
    };
  };
  /**
   * The keys that sign access tokens.
   */
  signingKeys?: {
    /**
     * The kid of the key that signs.
     */
    active?: string;
    /**
     * Since when it does.
     */
    activeSince?: string;
    /**
     * Where a rotation is. Publishing: pods read the new key. Distributing: verifiers learn of it. Activating: pods begin to sign with it. Retiring: the last tokens of the former key expire.
     */
    stage?: 'Settled' | 'Publishing' | 'Distributing' | 'Activating' | 'Retiring';
    /**
     * What is done or waited for, for people.
     */
    message?: string;
  };
  /**
   * The gateway; absent where it is not enabled.
   */
  gateway?: {
    /**
     * Pods that are ready, of those desired.
     */
    ready?: string;
    /**
     * Pods that are ready.
     */
    readyReplicas?: number;
    /**
     * Pods that the autoscaler wants at present.
     */
    desiredReplicas?: number;
  };
  /**
   * PostgreSQL.
   */
  postgres?: {
    /**
     * The pod that holds Patroni's leader key.
     */
    primary?: string;
    /**
     * Read replicas that are ready, of those desired.
     */
    ready?: string;
    /**
     * Read replicas that are ready.
     */
    readyReplicas?: number;
    /**
     * Read replicas that are wanted.
     */
    desiredReplicas?: number;
    /**
     * The pods that confirm every commit.
     */
    synchronousStandbys?: string[];
    /**
     * The size that the volumes were asked to have; of several, the smallest. spec.postgres.storage.size may not go below it.
     */
    storage?: string;
    /**
     * Pods that run an older template than the newest.
     */
    olderPods?: number;
    /**
     * What is being done with the pods, one after another, or what it waits for; absent when nothing is to be done.
     */
    change?: string;
    /**
     * The last planned move or restart of the primary.
     */
    lastSwitchover?: {
      /**
       * The primary before.
       */
      from: string;
      /**
       * The primary afterwards; the same where it was restarted.
       */
      to: string;
      /**
       * Why.
       */
      reason: 'Requested' | 'Drain' | 'ScaleDown' | 'Update' | 'Parameters';
      /**
       * Moved: writes went on at the new primary. GivenUp: nothing was changed. Late: writes were let go before the new primary took them, because it took too long.
       */
      outcome: 'Moved' | 'GivenUp' | 'Late';
      /**
       * How long the poolers held writes back.
       */
      pauseMilliseconds: number;
      /**
       * When it was over.
       */
      time: string;
    };
  };
  /**
   * The poolers, and the connection budget they share.
   */
  pooler?: {
    /**
     * Pods of both Deployments that are ready, of those desired.
     */
    ready?: string;
    /**
     * Pods of both Deployments that are ready.
     */
    readyInstances?: number;
    /**
     * Pods of both Deployments that are wanted.
     */
    desiredInstances?: number;
    /**
     * Server connections that each pooler pod may open.
     */
    poolSize?: number;
    /**
     * max_connections of PostgreSQL, from which poolSize was computed.
     */
    maxConnections?: number;
  };
  /**
   * The Redis Cluster.
   */
  redis?: {
    /**
     * Nodes that are ready, of those desired.
     */
    ready?: string;
    /**
     * Nodes that are ready.
     */
    readyNodes?: number;
    /**
     * Nodes that are wanted.
     */
    desiredNodes?: number;
    /**
     * Primaries that own slots.
     */
    shards?: number;
    /**
     * Slots that a primary serves, of 16384.
     */
    slotsCovered?: number;
  };
}

/**
 * One condition.
 */
export interface StatusCondition {
  /**
   * What the condition is about.
   */
  type: string;
  /**
   * Whether it holds.
   */
  status: 'True' | 'False' | 'Unknown';
  /**
   * Why, in one word for programs.
   */
  reason: string;
  /**
   * Why, in a sentence for people.
   */
  message: string;
  /**
   * When the status last changed.
   */
  lastTransitionTime: string;
  /**
   * The metadata.generation that the condition is about.
   */
  observedGeneration?: number;
}

/**
 * What is wanted. Every field has a default; the defaults are sized for production.
 */
export interface AuthClusterSpec {
  /**
   * Leave everything as it is: the operator changes nothing and talks to no server, and keeps up the status alone. status.observedGeneration stays at the last version of the spec that was acted on.
   */
  paused: boolean;
  /**
   * Run no pod and keep the data. The gateway and the auth API go first, then the poolers, then the data tiers; set back to false, they come up in the order of a first start.
   */
  hibernated: boolean;
  /**
   * What happens to data when the AuthCluster is deleted. Retain keeps the volumes, the generated credentials, the signing keys and Patroni's state; an AuthCluster of the same name adopts them. Delete removes them.
   */
  deletionPolicy: 'Retain' | 'Delete';
  /**
   * The credentials that the operator generates for databases, poolers and caches.
   */
  credentials: {
    /**
     * Days after which each of them is replaced, in stages in which no request fails. Left out: only when the annotation authcluster.dev/rotate-credentials asks for it.
     */
    rotationDays?: number;
  };
  /**
   * The auth API.
   */
  api: ApiSpec;
  /**
   * The edge in front of the auth API (nginx).
   */
  gateway: GatewaySpec;
  /**
   * PostgreSQL, under Patroni or the one of somebody else, with the poolers in front of it.
   */
  postgres: PostgresSpec;
  /**
   * Redis, which caches and carries invalidations: a Redis Cluster in pods, or the one of somebody else.
   */
  redis: RedisSpec;
  /**
   * What shows how this AuthCluster is doing. The metrics of the auth API and of the gateway are there in any case.
   */
  monitoring: {
    /**
     * Put an exporter beside each PostgreSQL, PgBouncer and Redis that the operator runs (not beside a PgBouncer before an external database); and where the Prometheus Operator is installed, a PodMonitor and a PrometheusRule for it. Turning it on or off replaces the pods of the data tiers, one after the other.
     */
    enabled: boolean;
    /**
     * Labels of the PodMonitor and the PrometheusRule, by which a Prometheus chooses them, such as release: kube-prometheus-stack.
     */
    labels?: {
      [k: string]: string;
    };
  };
  /**
   * Who may connect to the pods of this AuthCluster. It takes a network plugin that enforces NetworkPolicies.
   */
  networkPolicy: {
    /**
     * Deny every connection from and to the pods but those that the service is made of: clients to the gateway, the gateway to the auth API, and so on to the data tiers; the operator; DNS; and from PostgreSQL to the API server.
     */
    enabled: boolean;
    /**
     * Ports at which Patroni, in the PostgreSQL pods, reaches the API server: that of its Service, and that of its endpoints, by which most network plugins judge. 8443 in minikube, 16443 in MicroK8s.
     */
    apiServerPorts: number[];
    /**
     * Ports, of UDP and TCP, at which pods ask for names: that of the resolver's Service, and that of its endpoints, by which most network plugins judge. 5353 in OpenShift.
     */
    dnsPorts: number[];
    /**
     * Pods that may read the metrics of the auth API, of the gateway and of exporters, such as Prometheus.
     *
     * Items: Pods of one namespace.
     */
    scrapers?: {
      /**
       * The name of the namespace.
       */
      namespace: string;
      /**
       * Labels that the pods have. Left out: all pods of the namespace.
       */
      podLabels?: {
        [k: string]: string;
      };
    }[];
  };
}

/**
 * Redis, which caches and carries invalidations: a Redis Cluster in pods, or the one of somebody else.
 */
export interface RedisSpec {
  /**
   * Managed runs a Redis Cluster in pods. External uses a Redis (7 or newer) that is there already; of the other fields of redis none then matters. Cannot be changed.
   */
  mode: 'Managed' | 'External';
  /**
   * The Redis of mode External.
   */
  external?: ExternalRedis;
  /**
   * Parts that the keys are spread over. May be changed at any time: keys are moved while they are served, and a shard that is to go is deleted when it is empty.
   */
  shards: number;
  /**
   * Replicas of each shard. Without any, the loss of a pod loses its part of the cache until it is back.
   */
  replicasPerShard: number;
  /**
   * What each Redis node may hold (maxmemory). Its memory limit must exceed this by a quarter and 32Mi.
   */
  maxMemory: string;
  /**
   * What is evicted when maxMemory is reached.
   */
  maxMemoryPolicy:
    | 'allkeys-lru'
    | 'allkeys-lfu'
    | 'allkeys-random'
    | 'volatile-lru'
    | 'volatile-lfu'
    | 'volatile-random'
    | 'volatile-ttl'
    | 'noeviction';
  /**
   * Where the pods of this tier run. What is given takes the place of what the operator chooses for it: pods spread evenly over zones and nodes where that is possible.
   */
  scheduling?: Scheduling;
  /**
   * CPU and memory of each pod of this tier. Left out: what the operator chooses for it, listed under Resources. Given: taken as it stands.
   */
  resources?: Resources;
  /**
   * Whether Redis keeps its data over the restart of a pod. It is a cache: without, it is filled again. Cannot be changed by this version.
   */
  persistence: {
    /**
     * Keep an append-only file on a volume.
     */
    enabled: boolean;
    /**
     * The size of each node's volume: at least three times maxMemory, as what the append-only file may come to while it is rewritten.
     */
    size: string;
    /**
     * The storage class. Left out: the cluster's default.
     */
    storageClassName?: string;
  };
}

/**
 * CPU and memory of each pod of this tier. Left out: what the operator chooses for it, listed under Resources. Given: taken as it stands.
 */
export interface Resources {
  /**
   * What is set aside for each pod.
   */
  requests?: {
    /**
     * CPU, such as 500m or 2.
     */
    cpu?: number | string;
    /**
     * Memory, such as 512Mi or 2Gi.
     */
    memory?: number | string;
  };
  /**
   * What each pod may use at the most.
   */
  limits?: {
    /**
     * CPU, such as 500m or 2.
     */
    cpu?: number | string;
    /**
     * Memory, such as 512Mi or 2Gi.
     */
    memory?: number | string;
  };
}

/**
 * Where the pods of this tier run. What is given takes the place of what the operator chooses for it: pods spread evenly over zones and nodes where that is possible.
 */
export interface Scheduling {
  /**
   * Labels that nodes must have.
   */
  nodeSelector?: {
    [k: string]: string;
  };
  /**
   * Taints of nodes that the pods put up with.
   *
   * Items: One toleration, as in a pod.
   */
  tolerations?: {
    /**
     * The key of the taint. Left out, with operator Exists: every taint.
     */
    key?: string;
    /**
     * Whether the value counts.
     */
    operator?: 'Equal' | 'Exists';
    /**
     * The value of the taint.
     */
    value?: string;
    /**
     * The effect of the taint. Left out: every effect.
     */
    effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
    /**
     * With NoExecute, how long a pod stays on.
     */
    tolerationSeconds?: number;
  }[];
  /**
   * Node and pod affinity, as in a pod.
   */
  affinity?: {};
  /**
   * How the pods spread, as in a pod.
   *
   * Items: One constraint, as in a pod.
   */
  topologySpreadConstraints?: {}[];
  /**
   * The priority class of the pods.
   */
  priorityClassName?: string;
  /**
   * More labels of the pods.
   */
  podLabels?: {
    [k: string]: string;
  };
  /**
   * More annotations of the pods.
   */
  podAnnotations?: {
    [k: string]: string;
  };
}

/**
 * The Redis of mode External.
 */
export interface ExternalRedis {
  /**
   * Single: one address, behind which one server takes writes. Cluster: a Redis Cluster.
   */
  topology: 'Single' | 'Cluster';
  /**
   * Where it is. Of a cluster, some of its nodes; the others are learned from these.
   *
   * Items: One address.
   */
  endpoints: {
    /**
     * A DNS name or an IPv4 address.
     */
    host: string;
    /**
     * The port.
     */
    port: number;
  }[];
  /**
   * The ACL user to log in as. The user name of a Redis with requirepass alone is default.
   */
  credentials: LoginSecret;
  /**
   * How connections are protected.
   */
  tls: ExternalTls;
}

/**
 * How connections are protected.
 */
export interface ExternalTls {
  /**
   * Disable: not at all, for tests. Require: encrypted, without asking who answers. VerifyCA: the certificate must be one of ca. VerifyFull: and for the host's name.
   */
  mode: 'Disable' | 'Require' | 'VerifyCA' | 'VerifyFull';
  /**
   * The certificate authority (PEM; several are allowed) that servers are verified by.
   */
  ca?: {
    /**
     * What holds it, in the namespace of the AuthCluster.
     */
    kind: 'ConfigMap' | 'Secret';
    /**
     * Its name.
     */
    name: string;
    /**
     * The key.
     */
    key: string;
  };
}

/**
 * The ACL user to log in as. The user name of a Redis with requirepass alone is default.
 */
export interface LoginSecret {
  /**
   * A Secret in the namespace of the AuthCluster.
   */
  secretName: string;
  /**
   * The key of the user name.
   */
  usernameKey: string;
  /**
   * The key of the password.
   */
  passwordKey: string;
}

/**
 * PostgreSQL, under Patroni or the one of somebody else, with the poolers in front of it.
 */
export interface PostgresSpec {
  /**
   * Managed runs PostgreSQL in pods. External uses a server that is there already, such as one of Amazon RDS or Cloud SQL, through poolers of this AuthCluster; of the other fields of postgres, pooler alone then matters. Cannot be changed.
   */
  mode: 'Managed' | 'External';
  /**
   * The database of mode External.
   */
  external?: ExternalPostgres;
  /**
   * The major version of PostgreSQL, of those that there are images for. Data do not move between major versions in place: make a second AuthCluster of the other version, and copy the database.
   */
  version: '17';
  /**
   * Replicas beside the primary. They serve reads, and one of them takes over when the primary is lost.
   */
  readReplicas: number;
  /**
   * Whether a commit is acknowledged only when a replica has it, too. On, where there is a replica: a session that was acknowledged as revoked stays so after a failover; while no replica is there, the primary goes on alone. Strict: then it takes no writes, so that there are always two copies. Off: quicker, and a failover may forget the last writes. A change restarts nothing. Write On and Off in quotes: YAML takes them for booleans.
   */
  synchronous: 'Off' | 'On' | 'Strict';
  /**
   * The volume of each PostgreSQL pod.
   */
  storage: {
    /**
     * The size of the volume, such as 10Gi, at least 1Gi. It may grow, in place, where the storage class allows expansion; it never shrinks.
     */
    size: string;
    /**
     * The storage class. Left out: the cluster's default. Cannot be changed.
     */
    storageClassName?: string;
  };
  /**
   * Settings of PostgreSQL (postgresql.conf), by name. They override those that the operator derives from the memory limit; those it owns are refused, and sizes that the limit cannot hold, and limits that replication would exceed, are told by Degraded and not taken. max_connections (default 200) is what the poolers' sizes are computed from.
   */
  parameters?: {
    [k: string]: string;
  };
  /**
   * When database pods are replaced, one after another and the primary last, behind a switchover. OnSpecChange: when the spec changes what they are made of. Automatic: also when a release of the operator brings another image or another way to run them. Otherwise pods take what is new the next time they are made; status.postgres.olderPods counts those that have not.
   */
  updates: 'OnSpecChange' | 'Automatic';
  /**
   * Where the pods of this tier run. What is given takes the place of what the operator chooses for it: pods spread evenly over zones and nodes where that is possible.
   */
  scheduling?: Scheduling;
  /**
   * CPU and memory of each pod of this tier. Left out: what the operator chooses for it, listed under Resources. Given: taken as it stands.
   */
  resources?: Resources;
  /**
   * PgBouncer in front of PostgreSQL: one Deployment towards the primary, and one towards the replicas where there are any. Both have these sizes.
   */
  pooler: PoolerSpec;
}

/**
 * PgBouncer in front of PostgreSQL: one Deployment towards the primary, and one towards the replicas where there are any. Both have these sizes.
 */
export interface PoolerSpec {
  /**
   * Pods of each of the two Deployments; with autoscaling, the least of them.
   */
  instances: number;
  /**
   * Adds poolers while they are busy, each Deployment by itself. max_connections is divided by as many as there may be, so each gets fewer server connections from the start. Left out: the number of poolers stays.
   */
  autoscaling?: {
    /**
     * Pods of each of the two Deployments, at the most.
     */
    maxInstances: number;
    /**
     * The use of CPU, in percent of what is requested, at which pods are added.
     */
    targetCPUUtilizationPercentage: number;
  };
  /**
   * Connections that each pod accepts from clients.
   */
  maxClientConnections: number;
  /**
   * Where the pods of this tier run. What is given takes the place of what the operator chooses for it: pods spread evenly over zones and nodes where that is possible.
   */
  scheduling?: Scheduling;
  /**
   * CPU and memory of each pod of this tier. Left out: what the operator chooses for it, listed under Resources. Given: taken as it stands.
   */
  resources?: Resources;
}

/**
 * The database of mode External.
 */
export interface ExternalPostgres {
  /**
   * The server that takes writes.
   */
  primary: {
    /**
     * A DNS name or an IPv4 address.
     */
    host: string;
    /**
     * The port.
     */
    port: number;
  };
  /**
   * Servers that replicate the primary by streaming and serve reads. Left out: reads go to the primary, within the pool for writes.
   */
  replicas?: {
    /**
     * New connections go to one after the other. A name that stands for several servers, such as a reader endpoint, is one host.
     *
     * Items: A DNS name or an IPv4 address.
     */
    hosts: string[];
    /**
     * The port.
     */
    port: number;
  };
  /**
   * The database, which must be there. Its schema auth is made by migrations.
   */
  database: string;
  /**
   * max_connections of the smallest of these servers, or this AuthCluster's part of it. The poolers' sizes are computed from it.
   */
  maxConnections: number;
  /**
   * Who logs in. The roles are made by whoever runs the server; neither needs to be a superuser.
   */
  credentials: {
    /**
     * Reads and writes rows.
     */
    application: LoginSecret;
    /**
     * Owns the schema auth and runs migrations. Left out: the application's role does.
     */
    migration?: LoginSecret;
  };
  /**
   * How connections are protected.
   */
  tls: ExternalTls;
}

/**
 * The edge in front of the auth API (nginx).
 */
export interface GatewaySpec {
  /**
   * Whether there is a gateway. Without one, clients use the auth API's Service.
   */
  enabled: boolean;
  /**
   * How many pods serve. A HorizontalPodAutoscaler keeps to it.
   */
  autoscaling: Autoscaling;
  /**
   * Where the pods of this tier run. What is given takes the place of what the operator chooses for it: pods spread evenly over zones and nodes where that is possible.
   */
  scheduling?: Scheduling;
  /**
   * CPU and memory of each pod of this tier. Left out: what the operator chooses for it, listed under Resources. Given: taken as it stands.
   */
  resources?: Resources;
  /**
   * How the gateway is reached.
   */
  expose: {
    /**
     * ClusterIP, LoadBalancer, NodePort: the type of the gateway's Service. Ingress and HTTPRoute (Gateway API): such an object in front of a ClusterIP Service. Whose controller connects belongs into trustedProxies.
     */
    type: 'ClusterIP' | 'LoadBalancer' | 'NodePort' | 'Ingress' | 'HTTPRoute';
    /**
     * The port on every node, from the cluster's range (30000 to 32767 unless configured otherwise). Left out: Kubernetes chooses one.
     */
    nodePort?: number;
    /**
     * The names by which clients reach the gateway: of the Ingress, of the HTTPRoute (left out: of whatever its Gateway listens for), and of the certificate that tls.issuerRef asks for.
     */
    hostnames?: string[];
    /**
     * The ingressClassName, or the loadBalancerClass (which Kubernetes does not let change). Left out: the cluster's default.
     */
    className?: string;
    /**
     * The Gateways that the HTTPRoute attaches to.
     */
    parentRefs?: {
      /**
       * The name of the Gateway.
       */
      name: string;
      /**
       * The namespace of the Gateway. Left out: the AuthCluster's.
       */
      namespace?: string;
      /**
       * The listener of the Gateway. Left out: all of them.
       */
      sectionName?: string;
    }[];
    /**
     * Annotations of the Ingress or the HTTPRoute, and of the Service for the other types: what a controller takes its settings from.
     */
    annotations?: {
      [k: string]: string;
    };
    /**
     * Whether every connection of clients begins with a header of the PROXY protocol (version 1 or 2), as a load balancer sends that cannot keep the client's address. It is believed from trustedProxies alone; a connection without it is closed. Probes and metrics have a port of their own.
     */
    proxyProtocol: boolean;
  };
  /**
   * The certificate. The Ingress uses it, or the gateway itself for the types ClusterIP, LoadBalancer and NodePort: its Service then has port 443, and port 80 leads there. A renewed certificate is taken up within about two minutes.
   */
  tls?: {
    /**
     * A Secret of type kubernetes.io/tls, in the AuthCluster's namespace.
     */
    secretName: string;
    /**
     * Who issues the certificate: the operator then makes a Certificate of cert-manager, which writes the Secret. Left out: somebody else provides the Secret.
     */
    issuerRef?: {
      /**
       * The name of the issuer.
       */
      name: string;
      /**
       * An Issuer of the AuthCluster's namespace, or a ClusterIssuer.
       */
      kind: 'Issuer' | 'ClusterIssuer';
    };
  };
  /**
   * How many requests a client network (an IPv4 address's /24, an IPv6 address's /64) may send to each gateway pod. Beyond that it gets 429. The auth API has limits of its own, for all pods together.
   */
  rateLimits: {
    /**
     * POST /v1/login, what is below it, and /v1/step-up.
     */
    login: {
      /**
       * The steady rate.
       */
      requestsPerSecond: number;
      /**
       * How many requests may run ahead of it.
       */
      burst: number;
    };
    /**
     * POST /v1/refresh.
     */
    refresh: {
      /**
       * The steady rate.
       */
      requestsPerSecond: number;
      /**
       * How many requests may run ahead of it.
       */
      burst: number;
    };
    /**
     * POST /v1/users, and what is below /v1/password-reset and /v1/me/email/verification.
     */
    register: {
      /**
       * The steady rate.
       */
      requestsPerSecond: number;
      /**
       * How many requests may run ahead of it.
       */
      burst: number;
    };
    /**
     * GET /verify, POST /v1/authorize, POST /oauth/introspect.
     */
    verify: {
      /**
       * The steady rate.
       */
      requestsPerSecond: number;
      /**
       * How many requests may run ahead of it.
       */
      burst: number;
    };
    /**
     * Everything else but /health, which has no limit.
     */
    other: {
      /**
       * The steady rate.
       */
      requestsPerSecond: number;
      /**
       * How many requests may run ahead of it.
       */
      burst: number;
    };
  };
  /**
   * Networks (CIDR) of proxies that ask about the requests of their own clients (nginx auth_request, Traefik forwardAuth, Envoy ext_authz): rateLimits.verify does not count for them.
   */
  forwardAuthCallers?: string[];
  /**
   * Networks (CIDR) of HTTP proxies in front of the gateway. A client's address is taken from X-Forwarded-For only where the connection comes from one of these; with expose.proxyProtocol from the PROXY protocol, and from no header. Leave it out behind a load balancer of connections that does neither.
   */
  trustedProxies?: string[];
}

/**
 * How many pods serve. A HorizontalPodAutoscaler keeps to it.
 */
export interface Autoscaling {
  /**
   * Pods that always run.
   */
  minReplicas: number;
  /**
   * Pods at the most.
   */
  maxReplicas: number;
  /**
   * The use of CPU, in percent of what is requested, at which pods are added.
   */
  targetCPUUtilizationPercentage: number;
}

/**
 * The auth API.
 */
export interface ApiSpec {
  /**
   * The image of the auth API. Left out: the one of the operator's own release.
   */
  image?: string;
  /**
   * How many pods serve. A HorizontalPodAutoscaler keeps to it.
   */
  autoscaling: Autoscaling;
  /**
   * How a change of the auth API's pods gets to its clients.
   */
  rollout: RolloutSpec;
  /**
   * Where the pods of this tier run. What is given takes the place of what the operator chooses for it: pods spread evenly over zones and nodes where that is possible.
   */
  scheduling?: Scheduling;
  /**
   * CPU and memory of each pod of this tier. Left out: what the operator chooses for it, listed under Resources. Given: taken as it stands.
   */
  resources?: Resources;
  /**
   * Networks (CIDR) that connections inside the Kubernetes cluster come from. The auth API takes the gateway's word for a client's address from there alone, and counts nobody there as one client network. Where pods have other addresses than private ones, name theirs: otherwise all clients share the limits of the gateway's pods.
   */
  clusterNetworks: string[];
  /**
   * More environment variables of the auth API's containers, such as LOG_LEVEL. Those that the operator sets from other fields are refused.
   *
   * Items: One environment variable.
   */
  env?: EnvironmentVariable[];
  /**
   * How passwords are hashed. Existing hashes are upgraded at the next login.
   */
  hashing: {
    /**
     * bcrypt refuses passwords beyond 72 bytes; argon2id uses 19 MiB of memory for each hash.
     */
    algorithm: 'bcrypt' | 'argon2id';
    /**
     * One more doubles the time of a hash. bcrypt: 2^cost rounds, about 100 ms of a core at 11. argon2id: 2^(cost - 10) passes, at least 11.
     */
    cost: number;
    /**
     * Threads that hash, per pod. Never more run than the CPU limit lets run at once.
     */
    workers: number;
    /**
     * Hashes that may wait for a thread, per pod; beyond it a login is answered 503 with Retry-After. Left out: ten, or as many as are hashed within about a second if these are fewer, and at least twice the threads that run.
     */
    queueLength?: number;
  };
  /**
   * What is remembered of users and sessions. Changes are told to every pod at once; the lifetimes bound how long one that was missed can matter.
   */
  cache: {
    /**
     * The memory of each pod.
     */
    local: {
      /**
       * Names and addresses of users.
       */
      userBasic: {
        /**
         * Seconds for which a user is remembered, less up to a tenth.
         */
        ttlSeconds: number;
        /**
         * How many are remembered; beyond it the one used least recently is forgotten.
         */
        maxEntries: number;
      };
      /**
       * Sessions that live. Checks of their tokens need no other server.
       */
      session: {
        /**
         * Seconds for which a session is remembered, less up to a tenth.
         */
        ttlSeconds: number;
        /**
         * How many are remembered; beyond it the one used least recently is forgotten.
         */
        maxEntries: number;
      };
    };
    /**
     * Redis, for all pods.
     */
    shared: {
      /**
       * Roles and permissions of users.
       */
      userPermissions: {
        /**
         * Seconds for which what a user may do is remembered, less up to a tenth.
         */
        ttlSeconds: number;
      };
      /**
       * Names and addresses of users.
       */
      userProfile: {
        /**
         * Seconds for which a user is remembered, less up to a tenth.
         */
        ttlSeconds: number;
      };
      /**
       * Sessions that live.
       */
      sessionData: {
        /**
         * Seconds for which a session is remembered, less up to a tenth.
         */
        ttlSeconds: number;
      };
      /**
       * What roles permit.
       */
      roleDefinitions: {
        /**
         * Seconds for which a list of roles is remembered, less up to a tenth.
         */
        ttlSeconds: number;
      };
    };
    /**
     * A CronJob that loads into Redis, with their permissions, the users who logged in lately, so that what was evicted or lost need not be looked up while they wait.
     */
    warming: {
      /**
       * Whether to do it.
       */
      enabled: boolean;
      /**
       * When, as cron has it.
       */
      schedule: string;
      /**
       * Whose last login is no longer ago than this is loaded.
       */
      activeWithinSeconds: number;
    };
  };
  /**
   * When a pod stops calling a dependency that fails (the primary, the replicas, Redis), and when it tries again.
   */
  circuitBreaker: {
    /**
     * The share of failed calls from which a circuit opens.
     */
    failureRateThreshold: number;
    /**
     * Seconds over which calls are counted.
     */
    windowSeconds: number;
    /**
     * Fewer calls in the window than this do not open a circuit.
     */
    minimumCalls: number;
    /**
     * Probes that are let through after the recovery, all of which must succeed.
     */
    halfOpenRequests: number;
    /**
     * Seconds from the opening of a circuit to the first probe.
     */
    recoverySeconds: number;
  };
  /**
   * Sessions that a user may have at once; another one ends the oldest.
   */
  maxSessionsPerUser: number;
  /**
   * How old a login may be, in seconds, for a change of the password, the address or a second factor, and the like; after that, users show anew who they are (POST /v1/step-up).
   */
  stepUpMaxAgeSeconds: number;
  /**
   * How long the audit log is kept. A month of it is dropped once every day of it is older.
   */
  auditRetentionDays: number;
  /**
   * Whether anybody may make an account (POST /v1/users). Closed: that is answered with 403, and administrators make accounts (POST /v1/admin/users).
   */
  registration: 'Open' | 'Closed';
  /**
   * The first administrator: whoever the Secret names gets the role administrator, and an account where there is none of that name yet. Without effect once anybody has that role.
   */
  bootstrapAdmin?: {
    /**
     * A Secret in the same namespace with the keys username and password. The password is held against the rules for any other. A change is read while pods run.
     */
    secretName: string;
  };
  /**
   * Services that may introspect and revoke tokens (POST /oauth/introspect, /oauth/revoke), besides those registered under /v1/admin/clients.
   */
  oauthClients?: {
    /**
     * A Secret in the same namespace: each key is a client's id, its value that client's secret. A change is read while pods run.
     */
    secretName: string;
  };
  /**
   * Pages that may ask the auth API from a browser, by CORS, and have their refresh token kept in a cookie that no script can read. Left out: no page may.
   */
  browsers?: {
    /**
     * Their origins, exactly as a browser names them: https://app.example.com. Without TLS only localhost, 127.0.0.1 and [::1], for development. A cookie is for origins of the same site as the auth API.
     */
    origins: string[];
  };
  /**
   * What users know the service by: in mail, and in their authenticators. Left out: the host of tokens.issuer.
   */
  serviceName?: string;
  /**
   * How users are written to who have lost their password or are to verify an address. Left out: nobody is, and the routes for that answer 501.
   */
  mail?: {
    /**
     * The sender, such as no-reply@example.com or Shop <no-reply@example.com>.
     */
    from: string;
    /**
     * A page of yours on which a new password is set, with {token} where the token goes, such as https://shop.example.com/reset#{token}.
     */
    resetURL: string;
    /**
     * A page of yours on which an address is verified, with {token} where the token goes.
     */
    verifyURL: string;
    /**
     * The language of mail where neither the account nor the browser says another that there are texts for. There must be texts in it; en and ja are shipped.
     */
    defaultLanguage: string;
    /**
     * How long a link to set a new password is good.
     */
    resetLifetimeSeconds: number;
    /**
     * How long a link to verify an address is good.
     */
    verificationLifetimeSeconds: number;
    /**
     * A ConfigMap in the same namespace with texts of your own: they replace those that are shipped and add languages. A change is read while pods run.
     */
    templates?: {
      /**
       * The name of the ConfigMap.
       */
      configMapName: string;
    };
    /**
     * A server that takes mail. networkPolicy lets pods connect to its port: of the namespace where host is that of a Service, else of anybody.
     */
    smtp?: {
      /**
       * Its name or address.
       */
      host: string;
      /**
       * Left out: 465 with Implicit TLS, else 587.
       */
      port?: number;
      /**
       * With StartTLS a server that does not offer it gets no mail. None is for a server that is reached in another safe way.
       */
      tls: 'StartTLS' | 'Implicit' | 'None';
      /**
       * A Secret in the same namespace with the keys username and password, and ca.crt where the server's certificate comes from an authority of your own. A change is read while pods run. Left out: pods log in to no server, and trust public authorities.
       */
      credentials?: {
        /**
         * The name of the Secret.
         */
        secretName: string;
      };
    };
    /**
     * A service of yours that gets each mail by a POST, signed as Standard Webhooks say, and sends it. networkPolicy lets pods connect to its port, as for smtp.
     */
    webhook?: {
      /**
       * Where mail is posted.
       */
      url: string;
      /**
       * A Secret in the same namespace with the key secret: whsec_ and 24 to 64 random bytes in base64. A change is read while pods run.
       */
      credentials: {
        /**
         * The name of the Secret.
         */
        secretName: string;
      };
    };
  };
  /**
   * Where traces go, by OTLP over HTTP. Left out: there are none.
   */
  tracing?: {
    /**
     * The collector's URL, such as http://collector.observability.svc:4318; /v1/traces is added to it. networkPolicy lets pods connect to that port: of the namespace where the URL names a Service, else of anybody.
     */
    endpoint: string;
    /**
     * The share of requests that are traced; of checks (/verify), a hundredth of it. Where the caller traces (traceparent), theirs is what counts.
     */
    samplingRatio: number;
    /**
     * A key of a Secret in the same namespace that holds headers for the collector, such as authorization=Bearer%20token, comma-separated and percent-encoded. A change takes new pods.
     */
    headersSecret?: {
      /**
       * The name of the Secret.
       */
      name: string;
      /**
       * The key in it.
       */
      key: string;
    };
  };
  /**
   * How often a client may try. Beyond it the answer is 429 with Retry-After. Counted for all pods together in Redis; while Redis is down, by each pod for itself.
   */
  rateLimits: {
    /**
     * Logins under one user name, whether there is such a user or not.
     */
    loginPerAccount: {
      /**
       * So many at once, and in any period.
       */
      limit: number;
      /**
       * The length of the period.
       */
      periodSeconds: number;
    };
    /**
     * Logins from one client network: an IPv4 address, or the first 64 bits of one of IPv6. It takes gateway.trustedProxies to tell clients behind a load balancer apart.
     */
    loginPerNetwork: {
      /**
       * So many at once, and in any period.
       */
      limit: number;
      /**
       * The length of the period.
       */
      periodSeconds: number;
    };
    /**
     * Accounts that are made from one client network.
     */
    registrationPerNetwork: {
      /**
       * So many at once, and in any period.
       */
      limit: number;
      /**
       * The length of the period.
       */
      periodSeconds: number;
    };
    /**
     * Codes of the second factor that are tried for one account.
     */
    secondFactorPerAccount: {
      /**
       * So many at once, and in any period.
       */
      limit: number;
      /**
       * The length of the period.
       */
      periodSeconds: number;
    };
    /**
     * Mail that is asked for with one name, to reset a password or to verify an address.
     */
    recoveryPerAccount: {
      /**
       * So many at once, and in any period.
       */
      limit: number;
      /**
       * The length of the period.
       */
      periodSeconds: number;
    };
    /**
     * Requests of one client network for such mail, and tokens of such mail that it tries.
     */
    recoveryPerNetwork: {
      /**
       * So many at once, and in any period.
       */
      limit: number;
      /**
       * The length of the period.
       */
      periodSeconds: number;
    };
    /**
     * Wrong credentials of OAuth clients from one network. Right ones are never counted.
     */
    clientFailures: {
      /**
       * So many at once, and in any period.
       */
      limit: number;
      /**
       * The length of the period.
       */
      periodSeconds: number;
    };
  };
  /**
   * Connections of each pod to the poolers.
   */
  pools: {
    /**
     * Connections to the read-write pooler, per pod.
     */
    write: number;
    /**
     * Connections to the read-only pooler, per pod. Unused without read replicas: then reads go through the read-write pooler.
     */
    read: number;
  };
  /**
   * What is issued at a login.
   */
  tokens: {
    /**
     * The issuer (iss) of tokens: the URL under which clients reach the service. Left out: the address of the auth API's Service. Changing it makes tokens issued before invalid.
     */
    issuer?: string;
    /**
     * The audience (aud) of access tokens. Left out: the issuer.
     */
    audience?: string;
    /**
     * Seconds for which an access token is valid.
     */
    accessLifetimeSeconds: number;
    /**
     * Seconds for which a refresh token is valid if it is not used.
     */
    refreshLifetimeSeconds: number;
    /**
     * Seconds after a login at which its session ends, however often it is refreshed. Left out: as long as it is refreshed.
     */
    sessionMaxLifetimeSeconds?: number;
    /**
     * Days after which another key signs access tokens, in stages in which no token is refused. Left out: only when the annotation authcluster.dev/rotate-signing-key asks for it.
     */
    keyRotationDays?: number;
  };
}

/**
 * One environment variable.
 */
export interface EnvironmentVariable {
  /**
   * The name of the variable.
   */
  name: string;
  /**
   * The value as it is.
   */
  value?: string;
  /**
   * Where the value comes from; exactly one source.
   */
  valueFrom?: {
    /**
     * A key of a Secret or ConfigMap in the same namespace.
     */
    secretKeyRef?: {
      /**
       * The name of the object.
       */
      name: string;
      /**
       * The key in it.
       */
      key: string;
      /**
       * Start without the variable where the object or the key is missing.
       */
      optional?: boolean;
    };
    /**
     * A key of a Secret or ConfigMap in the same namespace.
     */
    configMapKeyRef?: {
      /**
       * The name of the object.
       */
      name: string;
      /**
       * The key in it.
       */
      key: string;
      /**
       * Start without the variable where the object or the key is missing.
       */
      optional?: boolean;
    };
  };
}

/**
 * How a change of the auth API's pods gets to its clients.
 */
export interface RolloutSpec {
  /**
   * BlueGreen starts the new pods beside the old ones, as many, checks them, gives them all the traffic at once, watches them, and takes the traffic back where they do worse. RollingUpdate replaces pods a few at a time, without a way back.
   */
  strategy: 'BlueGreen' | 'RollingUpdate';
  /**
   * How long at least the old pods stand by once the new ones have the traffic.
   */
  bakeSeconds: number;
  /**
   * Take the traffic back during that time where errorBudget is exceeded or the new pods do not stay up.
   */
  automaticRollback: boolean;
  /**
   * How much worse than the old pods the new ones may do, by the pods' own metrics.
   */
  errorBudget: RolloutErrorBudget;
}

/**
 * How much worse than the old pods the new ones may do, by the pods' own metrics.
 */
export interface RolloutErrorBudget {
  /**
   * Requests (or logins) that the new pods must have answered before any verdict.
   */
  minimumRequests: number;
  /**
   * More percent of requests that may be answered with 5xx.
   */
  errorPercent: number;
  /**
   * More percent of logins that may fail, for whatever reason.
   */
  loginFailurePercent: number;
  /**
   * Percent by which the mean time of an operation may grow; 200 is three times as long.
   */
  slowdownPercent: number;
}
