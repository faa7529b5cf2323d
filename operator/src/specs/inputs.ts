import type { AuthCluster } from '../api/authcluster.ts';
import type { PostgresSpec } from '../api/generated/authcluster.ts';
import type { PostgresMaterial } from '../external/postgres-check.ts';
import type { RedisMaterial } from '../external/redis-check.ts';

/** The images of the operator's own release: what an AuthCluster gets that names none. */
export interface ImageCatalogue {
  authApi: string;
  /** By major version. */
  postgres: Readonly<Partial<Record<PostgresSpec['version'], string>>>;
  pgbouncer: string;
  redis: string;
  gateway: string;
  exporters: string;
}

/** The images of one AuthCluster. */
export interface Images {
  authApi: string;
  postgres: string;
  pgbouncer: string;
  redis: string;
  gateway: string;
  exporters: string;
}

/** What opens servers of somebody else, each seen to work; absent while it does not, and where there is none. */
export interface ExternalInputs {
  postgres?: PostgresMaterial;
  redis?: RedisMaterial;
}

/** A login to PostgreSQL or to PgBouncer. */
export interface PostgresLogin {
  username: string;
  password: string;
  /** SCRAM-SHA-256 verifier of the password, as pg_authid and userlist.txt hold it. */
  verifier: string;
}

/** Of Redis' ACL users. */
export interface RedisPasswords {
  /** User auth_api. */
  password: string;
  operatorPassword: string;
  replicationPassword: string;
}

/** What there is of a credential beside the one that is used, while it is rotated. */
export interface Rotating<T> {
  /** To be taken, and not used yet. */
  next?: T;
  /** Was used before, and is still taken. */
  previous?: T;
  /** To be taken no more. */
  expired?: T;
  /** Since when the present one is used; absent where it is the first. RFC 3339. */
  rotatedAt?: string;
}

/** All that is to be taken. */
export function taken<T extends object>({ next, previous, expired: _, rotatedAt: __, ...used }: T & Rotating<T>): T[] {
  return [used as unknown as T, ...[next, previous].filter((each) => each !== undefined)];
}

/**
 * What the generated Secrets hold, decoded; read live before each use. Passwords of servers that this AuthCluster does
 * not run are empty: there is nobody to use them.
 */
export interface Credentials {
  api: {
    /** What the auth API's pods take orders by; derived from their own key. */
    operationsToken: string;
  };
  postgres: {
    superuser: RotatingLogin;
    replication: RotatingLogin;
    migrator: RotatingLogin;
    app: RotatingLogin;
    /** PgBouncer's console. */
    pooler: RotatingLogin;
    /** Of the exporters, at PostgreSQL and at PgBouncer; undefined where monitoring is off. */
    monitoring: RotatingLogin | undefined;
    /** Patroni's REST API. */
    patroni: RotatingLogin;
  };
  redis: RedisPasswords &
    Rotating<RedisPasswords> & {
      /** User monitoring, of the exporters; undefined where monitoring is off. */
      monitoring: RotatingPassword | undefined;
    };
  /** What exporters tell that they use: whose turn it is of the two roles. Undefined where monitoring is off. */
  exporterLogin: string | undefined;
  /** The auth API's derivation.key: a secret that nobody outside the AuthCluster holds. */
  derivationKey: string;
  /** The auth API's keyset.json. */
  keySet: string;
}

export type RotatingLogin = PostgresLogin & Rotating<PostgresLogin>;

/** Of a user that is always the same. */
export interface Password {
  password: string;
}

export type RotatingPassword = Password & Rotating<Password>;

/** Everything that builders need beside the AuthCluster itself. */
export interface BuilderInputs {
  images: Images;
  /** Names of Secrets in the AuthCluster's namespace. */
  imagePullSecrets: readonly string[];
  credentials: Credentials;
  /**
   * Stands for the values that pods of the auth API read once, at their start, from Secrets and ConfigMaps of others;
   * undefined where there are none. Another one means new pods.
   */
  startValues: string | undefined;
  external: ExternalInputs;
  /** Where the operator's own pods are, for the NetworkPolicies that let them in. */
  operatorNamespace: string;
  /** Whether this Kubernetes cluster knows the kinds of the Prometheus Operator. */
  prometheusOperator: boolean;
  /** Whether the operator sees which nodes are about to be drained, and moves the primary off them. */
  seesNodes: boolean;
}

/**
 * The images for this AuthCluster, or the PostgreSQL version that this operator has no image for (one that is only in
 * a newer CRD).
 */
export function imagesFor(
  cluster: AuthCluster,
  catalogue: ImageCatalogue,
): { kind: 'found'; images: Images } | { kind: 'noPostgresImage'; version: string } {
  const { version } = cluster.spec.postgres;
  const postgres = catalogue.postgres[version];
  if (postgres === undefined) return { kind: 'noPostgresImage', version };
  const { pgbouncer, redis, gateway, exporters } = catalogue;
  return {
    kind: 'found',
    images: { authApi: cluster.spec.api.image ?? catalogue.authApi, postgres, pgbouncer, redis, gateway, exporters },
  };
}

/** As a client of PostgreSQL takes it. */
export function loginOf({ username, password }: Pick<PostgresLogin, 'username' | 'password'>) {
  return { user: username, password };
}
