/** An AuthCluster that the API server must refuse, and words of the answer that say what to change. */
export interface Refusal {
  rule: string;
  spec: object;
  name?: string;
  /** The field that the answer names. */
  field: string;
  message: string;
}

const link = 'https://shop.example.com/#{token}';
const mail = { from: 'no-reply@example.com', resetURL: link, verifyURL: link };

/** Refused when created. What a case leaves out has its default, which is valid. */
export const INVALID: readonly Refusal[] = [
  {
    rule: 'a name longer than the names made from it may be',
    name: 'a'.repeat(41),
    spec: {},
    field: 'metadata.name',
    message: 'at most 40 characters',
  },
  {
    rule: 'a name that cannot begin the name of a Service',
    name: 'auth.example',
    spec: {},
    field: 'metadata.name',
    message: 'begin with a letter',
  },
  {
    rule: 'more auth API pods at least than at most',
    spec: { api: { autoscaling: { minReplicas: 13 } } },
    field: 'spec.api.autoscaling.minReplicas',
    message: 'lower minReplicas or raise maxReplicas',
  },
  {
    rule: 'more gateway pods at least than at most',
    spec: { gateway: { autoscaling: { maxReplicas: 5 } } },
    field: 'spec.gateway.autoscaling.minReplicas',
    message: 'lower minReplicas or raise maxReplicas',
  },
  {
    rule: 'an argon2id cost below the recommended minimum',
    spec: { api: { hashing: { algorithm: 'argon2id', cost: 10 } } },
    field: 'spec.api.hashing.cost',
    message: 'at least 11 with argon2id',
  },
  {
    rule: 'access tokens that outlive refresh tokens',
    spec: { api: { tokens: { accessLifetimeSeconds: 600, refreshLifetimeSeconds: 600 } } },
    field: 'spec.api.tokens.accessLifetimeSeconds',
    message: 'lower the first or raise the second',
  },
  {
    rule: 'write pools that two versions side by side would overflow',
    spec: { api: { pools: { write: 126 } } },
    field: 'spec.api.pools.write',
    message: 'lower api.pools.write or raise postgres.pooler.maxClientConnections',
  },
  {
    rule: 'read pools that two versions side by side would overflow',
    spec: { api: { pools: { read: 126 } } },
    field: 'spec.api.pools.read',
    message: 'lower api.pools.read or raise postgres.pooler.maxClientConnections',
  },
  {
    rule: 'auth API resources that its autoscaler cannot measure against',
    spec: { api: { resources: { requests: { memory: '1Gi' } } } },
    field: 'spec.api',
    message: 'api.resources needs requests.cpu',
  },
  {
    rule: 'gateway resources that its autoscaler cannot measure against',
    spec: { gateway: { resources: { limits: { memory: '1Gi' } } } },
    field: 'spec.gateway',
    message: 'gateway.resources needs requests.cpu',
  },
  {
    rule: 'more CPU requested than allowed',
    spec: { api: { resources: { requests: { cpu: '2' }, limits: { cpu: '1500m' } } } },
    field: 'spec.api.resources',
    message: 'requests.cpu must not exceed limits.cpu',
  },
  {
    rule: 'more memory requested than allowed',
    spec: { postgres: { resources: { requests: { memory: '1Gi' }, limits: { memory: '1000Mi' } } } },
    field: 'spec.postgres.resources',
    message: 'requests.memory must not exceed limits.memory',
  },
  {
    rule: 'a quantity that is none',
    spec: { postgres: { resources: { requests: { memory: 'much' } } } },
    field: 'spec.postgres.resources.requests.memory',
    message: 'should match',
  },
  {
    rule: 'an environment variable that the operator sets',
    spec: { api: { env: [{ name: 'HASH_COST', value: '4' }] } },
    field: 'spec.api.env[0].name',
    message: 'HASH_COST is set by the operator',
  },
  {
    rule: 'an environment variable that stands for a rate limit',
    spec: { api: { env: [{ name: 'LOGIN_RATE_PER_NETWORK', value: '1/1' }] } },
    field: 'spec.api.env[0].name',
    message: 'LOGIN_RATE_PER_NETWORK is set by the operator',
  },
  {
    rule: 'an environment variable that stands for how long the audit log is kept',
    spec: { api: { env: [{ name: 'AUDIT_RETENTION_DAYS', value: '90' }] } },
    field: 'spec.api.env[0].name',
    message: 'AUDIT_RETENTION_DAYS is set by the operator',
  },
  {
    rule: 'an audit log that is kept for less than a month',
    spec: { api: { auditRetentionDays: 29 } },
    field: 'spec.api.auditRetentionDays',
    message: 'should be greater than or equal to 30',
  },
  {
    rule: 'a registration that is neither open nor closed',
    spec: { api: { registration: 'Invited' } },
    field: 'spec.api.registration',
    message: '"Open", "Closed"',
  },
  {
    rule: 'a Secret of which no name is given',
    spec: { api: { bootstrapAdmin: {} } },
    field: 'spec.api.bootstrapAdmin.secretName',
    message: 'Required value',
  },
  {
    rule: 'a Secret whose name is none',
    spec: { api: { oauthClients: { secretName: 'Our Clients' } } },
    field: 'spec.api.oauthClients.secretName',
    message: 'should match',
  },
  {
    rule: 'a key that would be rotated all the time',
    spec: { api: { tokens: { keyRotationDays: 0 } } },
    field: 'spec.api.tokens.keyRotationDays',
    message: 'greater than or equal to 1',
  },
  {
    rule: 'a collector of traces that is no URL',
    spec: { api: { tracing: { endpoint: 'collector:4317' } } },
    field: 'spec.api.tracing.endpoint',
    message: 'should match',
  },
  {
    rule: 'more traces than requests',
    spec: { api: { tracing: { endpoint: 'http://collector:4318', samplingRatio: 1.5 } } },
    field: 'spec.api.tracing.samplingRatio',
    message: 'less than or equal to 1',
  },
  {
    rule: 'mail that takes two ways',
    spec: {
      api: {
        mail: {
          ...mail,
          smtp: { host: 'mail' },
          webhook: { url: 'https://mail', credentials: { secretName: 'mail' } },
        },
      },
    },
    field: 'spec.api.mail',
    message: 'give smtp or webhook, and not both',
  },
  {
    rule: 'mail that takes no way',
    spec: { api: { mail } },
    field: 'spec.api.mail',
    message: 'give smtp or webhook, and not both',
  },
  {
    rule: 'a link without a token',
    spec: { api: { mail: { ...mail, resetURL: 'https://shop.example.com/reset', smtp: { host: 'mail' } } } },
    field: 'spec.api.mail.resetURL',
    message: 'should match',
  },
  {
    rule: 'a sender who is none',
    spec: { api: { mail: { ...mail, from: 'Shop', smtp: { host: 'mail' } } } },
    field: 'spec.api.mail.from',
    message: 'should match',
  },
  {
    rule: 'a variable that a field of mail stands for',
    spec: { api: { env: [{ name: 'MAIL_SMTP_HOST', value: 'mail' }] } },
    field: 'spec.api.env[0].name',
    message: 'MAIL_SMTP_HOST is set by the operator',
  },
  {
    rule: 'any page at all',
    spec: { api: { browsers: { origins: ['https://*.example.com'] } } },
    field: 'spec.api.browsers.origins[0]',
    message: 'should match',
  },
  {
    rule: 'a page that came without TLS',
    spec: { api: { browsers: { origins: ['http://app.example.com'] } } },
    field: 'spec.api.browsers.origins[0]',
    message: 'should match',
  },
  {
    rule: 'an origin as no browser writes it',
    spec: { api: { browsers: { origins: ['https://app.example.com:443'] } } },
    field: 'spec.api.browsers.origins[0]',
    message: 'leave out the port that the scheme has anyway',
  },
  {
    rule: 'an origin of a port that there is not',
    spec: { api: { browsers: { origins: ['https://app.example.com:65536'] } } },
    field: 'spec.api.browsers.origins[0]',
    message: 'a port is 65535 at the most',
  },
  {
    rule: 'browsers of no page',
    spec: { api: { browsers: { origins: [] } } },
    field: 'spec.api.browsers.origins',
    message: 'should have at least 1 items',
  },
  {
    rule: 'a variable that stands for the pages',
    spec: { api: { env: [{ name: 'BROWSER_ORIGINS', value: 'https://app.example.com' }] } },
    field: 'spec.api.env[0].name',
    message: 'BROWSER_ORIGINS is set by the operator',
  },
  {
    rule: 'a schedule that cron does not know',
    spec: { api: { cache: { warming: { schedule: 'every quarter of an hour' } } } },
    field: 'spec.api.cache.warming.schedule',
    message: 'should match',
  },
  {
    rule: 'a limit that lets nobody in',
    spec: { api: { rateLimits: { loginPerAccount: { limit: 0 } } } },
    field: 'spec.api.rateLimits.loginPerAccount.limit',
    message: 'greater than or equal to 1',
  },
  {
    rule: 'an environment variable with two values',
    spec: { api: { env: [{ name: 'A', value: 'b', valueFrom: { secretKeyRef: { name: 'c', key: 'd' } } }] } },
    field: 'spec.api.env[0]',
    message: 'give value or valueFrom, not both',
  },
  {
    rule: 'an environment variable from nowhere',
    spec: { api: { env: [{ name: 'A', valueFrom: {} }] } },
    field: 'spec.api.env[0].valueFrom',
    message: 'should have at least 1 properties',
  },
  {
    rule: 'an issuer that is no URL',
    spec: { api: { tokens: { issuer: 'auth.example.com' } } },
    field: 'spec.api.tokens.issuer',
    message: 'should match',
  },
  {
    rule: 'a node port on a Service that has none',
    spec: { gateway: { expose: { nodePort: 30080 } } },
    field: 'spec.gateway.expose.nodePort',
    message: 'nodePort is for type NodePort only',
  },
  {
    rule: 'a class where there is nothing to choose one for',
    spec: { gateway: { expose: { className: 'nginx' } } },
    field: 'spec.gateway.expose.className',
    message: 'className is for the types Ingress and LoadBalancer only',
  },
  {
    rule: 'an Ingress for whatever name',
    spec: { gateway: { expose: { type: 'Ingress' } } },
    field: 'spec.gateway.expose.hostnames',
    message: 'type Ingress needs hostnames',
  },
  {
    rule: 'a hostname that is none',
    spec: { gateway: { expose: { type: 'Ingress', hostnames: ['https://auth.example.com'] } } },
    field: 'spec.gateway.expose.hostnames[0]',
    message: 'should match',
  },
  {
    rule: 'an HTTPRoute that attaches to nothing',
    spec: { gateway: { expose: { type: 'HTTPRoute' } } },
    field: 'spec.gateway.expose.parentRefs',
    message: 'type HTTPRoute needs parentRefs, and no other type has them',
  },
  {
    rule: 'TLS where somebody else terminates it',
    spec: {
      gateway: { expose: { type: 'HTTPRoute', parentRefs: [{ name: 'public' }] }, tls: { secretName: 'auth-tls' } },
    },
    field: 'spec.gateway.tls',
    message: 'leave gateway.tls out for type HTTPRoute, whose Gateways terminate TLS',
  },
  {
    rule: 'a certificate for no name',
    spec: { gateway: { tls: { secretName: 'auth-tls', issuerRef: { name: 'ca' } } } },
    field: 'spec.gateway.tls.issuerRef',
    message: 'gateway.tls.issuerRef needs gateway.expose.hostnames',
  },
  {
    rule: 'a rate that lets nobody in',
    spec: { gateway: { rateLimits: { login: { requestsPerSecond: 0 } } } },
    field: 'spec.gateway.rateLimits.login.requestsPerSecond',
    message: 'greater than or equal to 1',
  },
  {
    rule: 'a forward-auth caller that is no network',
    spec: { gateway: { forwardAuthCallers: ['traefik'] } },
    field: 'spec.gateway.forwardAuthCallers[0]',
    message: 'traefik is not a network in CIDR notation',
  },
  {
    rule: 'a trusted proxy that is no network',
    spec: { gateway: { trustedProxies: ['10.0.0.1'] } },
    field: 'spec.gateway.trustedProxies[0]',
    message: '10.0.0.1 is not a network in CIDR notation',
  },
  {
    rule: 'a network of the cluster that is none',
    spec: { api: { clusterNetworks: ['10.0.0.0/8', 'pods'] } },
    field: 'spec.api.clusterNetworks[1]',
    message: 'pods is not a network in CIDR notation',
  },
  {
    rule: 'a cluster without networks',
    spec: { api: { clusterNetworks: [] } },
    field: 'spec.api.clusterNetworks',
    message: 'should have at least 1 items',
  },
  {
    rule: 'the PROXY protocol of what speaks HTTP',
    spec: {
      gateway: {
        expose: { type: 'Ingress', hostnames: ['auth.example.com'], proxyProtocol: true },
        trustedProxies: ['10.0.0.0/24'],
      },
    },
    field: 'spec.gateway.expose.proxyProtocol',
    message: 'leave proxyProtocol out for the types Ingress and HTTPRoute',
  },
  {
    rule: 'the PROXY protocol of nobody',
    spec: { gateway: { expose: { type: 'LoadBalancer', proxyProtocol: true } } },
    field: 'spec.gateway.trustedProxies',
    message: 'gateway.expose.proxyProtocol needs gateway.trustedProxies',
  },
  {
    rule: 'a version of PostgreSQL that there is no image for',
    spec: { postgres: { version: '14' } },
    field: 'spec.postgres.version',
    message: 'supported values: "17"',
  },
  {
    rule: 'more replicas than Patroni is set up for',
    spec: { postgres: { readReplicas: 16 } },
    field: 'spec.postgres.readReplicas',
    message: 'less than or equal to 15',
  },
  {
    rule: 'a parameter that Services and probes depend on',
    spec: { postgres: { parameters: { port: '5433' } } },
    field: 'spec.postgres.parameters',
    message: 'set by the operator, because Services, probes and volumes depend on them',
  },
  {
    rule: 'a parameter that replication depends on',
    spec: { postgres: { parameters: { synchronous_commit: 'off' } } },
    field: 'spec.postgres.parameters',
    message: 'set by the operator, because replication and failover without loss depend on them',
  },
  {
    rule: 'a parameter that credentials depend on',
    spec: { postgres: { parameters: { password_encryption: 'md5' } } },
    field: 'spec.postgres.parameters',
    message: 'set by the operator, because the credentials it generates depend on them',
  },
  {
    rule: 'a parameter that the connection budget depends on',
    spec: { postgres: { parameters: { superuser_reserved_connections: '50' } } },
    field: 'spec.postgres.parameters',
    message: 'set by the operator, because the connection budget depends on them',
  },
  {
    rule: 'a parameter in another case than it is compared in',
    spec: { postgres: { parameters: { Port: '5433' } } },
    field: 'spec.postgres.parameters',
    message: 'written in lower case',
  },
  {
    rule: 'more connections than PostgreSQL serves well',
    spec: { postgres: { parameters: { max_connections: '5001' } } },
    field: 'spec.postgres.parameters',
    message: 'from 50 to 5000',
  },
  {
    rule: 'fewer server connections than the poolers need',
    spec: { postgres: { parameters: { max_connections: '69' }, pooler: { instances: 5 } } },
    field: 'spec.postgres',
    message: 'raise it to at least 20 + 10 x pooler.instances, or lower pooler.instances',
  },
  {
    rule: 'strictly synchronous commits with nobody to confirm them',
    spec: { postgres: { readReplicas: 0, synchronous: 'Strict' } },
    field: 'spec.postgres.synchronous',
    message: "raise postgres.readReplicas, or set postgres.synchronous to 'On'",
  },
  {
    rule: 'fewer shards than a Redis Cluster can have',
    spec: { redis: { shards: 2 } },
    field: 'spec.redis.shards',
    message: 'greater than or equal to 3',
  },
  {
    rule: 'a scraper that is no namespace',
    spec: { networkPolicy: { scrapers: [{ namespace: '10.0.0.0/8' }] } },
    field: 'spec.networkPolicy.scrapers[0].namespace',
    message: 'should match',
  },
  {
    rule: 'an API server without a port',
    spec: { networkPolicy: { apiServerPorts: [] } },
    field: 'spec.networkPolicy.apiServerPorts',
    message: 'should have at least 1 items',
  },
  {
    rule: 'a resolver without a port',
    spec: { networkPolicy: { dnsPorts: [] } },
    field: 'spec.networkPolicy.dnsPorts',
    message: 'should have at least 1 items',
  },
  {
    rule: 'a resolver with a port that there is not',
    spec: { networkPolicy: { dnsPorts: [0] } },
    field: 'spec.networkPolicy.dnsPorts[0]',
    message: 'should be greater than or equal to 1',
  },
  {
    rule: 'an API server with a port that there is not',
    spec: { networkPolicy: { apiServerPorts: [443, 65536] } },
    field: 'spec.networkPolicy.apiServerPorts[1]',
    message: 'should be less than or equal to 65535',
  },
  {
    rule: 'a label of pods that decides whose they are',
    spec: { redis: { scheduling: { podLabels: { 'app.kubernetes.io/instance': 'other' } } } },
    field: 'spec.redis.scheduling.podLabels',
    message: 'keys under kubernetes.io and authcluster.dev cannot be set',
  },
  {
    rule: 'a label of monitors that decides whose they are',
    spec: { monitoring: { labels: { 'app.kubernetes.io/instance': 'other' } } },
    field: 'spec.monitoring.labels',
    message: 'keys under kubernetes.io and authcluster.dev cannot be set',
  },
  {
    rule: 'a toleration of every value that names one',
    spec: { postgres: { scheduling: { tolerations: [{ key: 'dedicated', operator: 'Exists', value: 'db' }] } } },
    field: 'spec.postgres.scheduling.tolerations[0].value',
    message: 'a toleration with operator Exists has no value',
  },
  {
    rule: 'a rollout strategy that there is not',
    spec: { api: { rollout: { strategy: 'Canary' } } },
    field: 'spec.api.rollout.strategy',
    message: '"BlueGreen", "RollingUpdate"',
  },
  {
    rule: 'a verdict without a request',
    spec: { api: { rollout: { errorBudget: { minimumRequests: 0 } } } },
    field: 'spec.api.rollout.errorBudget.minimumRequests',
    message: 'greater than or equal to 1',
  },
  {
    rule: 'a memory limit without head-room over maxMemory',
    spec: { redis: { maxMemory: '64Mi', resources: { limits: { memory: '111Mi' } } } },
    field: 'spec.redis.maxMemory',
    message: 'lower maxMemory or raise the limit',
  },
  {
    rule: 'a volume of Redis that the rewriting of its log would fill',
    spec: { redis: { maxMemory: '512Mi', persistence: { enabled: true, size: '1535Mi' } } },
    field: 'spec.redis.persistence.size',
    message: 'persistence.size must be at least three times maxMemory (512Mi)',
  },
  {
    rule: 'a volume that no database fits in',
    spec: { postgres: { storage: { size: '1023Mi' } } },
    field: 'spec.postgres.storage.size',
    message: '1Gi is the least',
  },
  {
    rule: 'fewer poolers at the most than at the least',
    spec: { postgres: { pooler: { instances: 3, autoscaling: { maxInstances: 2 } } } },
    field: 'spec.postgres.pooler.autoscaling.maxInstances',
    message: 'maxInstances must not be below instances',
  },
  {
    rule: 'poolers that could be too many for max_connections',
    spec: {
      postgres: { parameters: { max_connections: '100' }, pooler: { instances: 2, autoscaling: { maxInstances: 9 } } },
    },
    field: 'spec.postgres.pooler.autoscaling.maxInstances',
    message: 'leaves less than 5 server connections for each pooler that autoscaling may add',
  },
  {
    rule: 'pooler resources that its autoscaler cannot measure against',
    spec: {
      postgres: { pooler: { autoscaling: { maxInstances: 4 }, resources: { requests: { memory: '32Mi' } } } },
    },
    field: 'spec.postgres.pooler.resources',
    message: 'pooler.resources needs requests.cpu',
  },
];

export interface RefusedChange {
  rule: string;
  change: object;
  field: string;
  message: string;
}

/** Changes of the development sample that are refused. */
export const INVALID_CHANGES: readonly RefusedChange[] = [
  {
    rule: 'a smaller volume',
    change: { postgres: { storage: { size: '512Mi' } } },
    field: 'spec.postgres.storage.size',
    message: 'storage never shrinks: leave size at 1Gi',
  },
  {
    rule: 'another storage class',
    change: { postgres: { storage: { storageClassName: 'fast' } } },
    field: 'spec.postgres.storage.storageClassName',
    message: 'volumes do not move between classes',
  },
  {
    rule: 'persistence for a cache that has none',
    change: { redis: { persistence: { enabled: true } } },
    field: 'spec.redis.persistence',
    message: 'persistence cannot be changed by this version',
  },
];
