import type { Refusal, RefusedChange } from './auth-clusters.ts';

const tls = { mode: 'Require' };
const database = {
  primary: { host: 'db.example' },
  maxConnections: 200,
  credentials: { application: { secretName: 'login' } },
  tls,
};
const cache = { endpoints: [{ host: 'cache.example' }], credentials: { secretName: 'login' }, tls };
const postgres = (change: object) => ({ postgres: { mode: 'External', external: { ...database, ...change } } });
const redis = (change: object) => ({ redis: { mode: 'External', external: { ...cache, ...change } } });

/** Refused when created. */
export const INVALID_EXTERNAL: readonly Refusal[] = [
  {
    rule: 'an external database that is nowhere',
    spec: { postgres: { mode: 'External' } },
    field: 'spec.postgres.external',
    message: 'mode External needs external: say where the database is',
  },
  {
    rule: 'the address of a database that is to be managed',
    spec: { postgres: { external: database } },
    field: 'spec.postgres.external',
    message: 'set mode to External, or remove external',
  },
  {
    rule: 'parameters of somebody else’s database',
    spec: { postgres: { mode: 'External', external: database, parameters: { work_mem: '8MB' } } },
    field: 'spec.postgres.parameters',
    message: 'who runs an external server sets its parameters',
  },
  {
    rule: 'less connections than the poolers need',
    spec: postgres({ maxConnections: 49 }),
    field: 'spec.postgres.external.maxConnections',
    message: 'raise it to at least 20 + 10 x pooler.instances',
  },
  {
    rule: 'poolers that could be too many for what an external database gives',
    spec: {
      postgres: {
        mode: 'External',
        external: { ...database, maxConnections: 60 },
        pooler: { instances: 1, autoscaling: { maxInstances: 5 } },
      },
    },
    field: 'spec.postgres.pooler.autoscaling.maxInstances',
    message: 'external.maxConnections leaves less than 5 server connections for each pooler that autoscaling may',
  },
  {
    rule: 'verification of a database without an authority',
    spec: postgres({ tls: { mode: 'VerifyFull' } }),
    field: 'spec.postgres.external.tls.ca',
    message: 'VerifyCA and VerifyFull need ca',
  },
  {
    rule: 'an authority of a database that is not verified',
    spec: postgres({ tls: { mode: 'Require', ca: { name: 'ca' } } }),
    field: 'spec.postgres.external.tls.ca',
    message: 'Require verify nothing and take none',
  },
  {
    rule: 'names of several replicas that PgBouncer cannot compare',
    spec: postgres({ replicas: { hosts: ['a', 'b'] }, tls: { mode: 'VerifyFull', ca: { name: 'ca' } } }),
    field: 'spec.postgres.external.replicas.hosts',
    message: 'or mode VerifyCA',
  },
  {
    rule: 'a host that is a URL',
    spec: postgres({ primary: { host: 'postgres://db.example' } }),
    field: 'spec.postgres.external.primary.host',
    message: 'should match',
  },
  {
    rule: 'read pools that two versions side by side would overflow, with external replicas',
    spec: { api: { pools: { read: 126 } }, ...postgres({ replicas: { hosts: ['ro.example'] } }) },
    field: 'spec.api.pools.read',
    message: 'lower api.pools.read or raise postgres.pooler.maxClientConnections',
  },
  {
    rule: 'an external Redis that is nowhere',
    spec: { redis: { mode: 'External' } },
    field: 'spec.redis.external',
    message: 'mode External needs external: say where Redis is',
  },
  {
    rule: 'the address of a Redis that is to be managed',
    spec: { redis: { external: cache } },
    field: 'spec.redis.external',
    message: 'set mode to External, or remove external',
  },
  {
    rule: 'several endpoints of a single Redis',
    spec: redis({ endpoints: [{ host: 'a' }, { host: 'b' }] }),
    field: 'spec.redis.external.endpoints',
    message: 'or set topology to Cluster',
  },
  {
    rule: 'verification of Redis without an authority',
    spec: redis({ tls: { mode: 'VerifyCA' } }),
    field: 'spec.redis.external.tls.ca',
    message: 'VerifyCA and VerifyFull need ca',
  },
];

/** Changes of an AuthCluster with data tiers of its own. */
export const INVALID_EXTERNAL_CHANGES: readonly RefusedChange[] = [
  {
    rule: 'another server for the data there are',
    change: postgres({}),
    field: 'spec.postgres.mode',
    message: 'mode cannot be changed: data do not move between servers',
  },
  {
    rule: 'another Redis in place of its own',
    change: redis({}),
    field: 'spec.redis.mode',
    message: 'mode cannot be changed',
  },
];
