/** What things cost: measured where the cluster will run, or the defaults below. Times of CPU are those of one core. */
export interface Calibration {
  /** Where the numbers come from, for the report. */
  readonly source: string;
  readonly hashing: {
    /** CPU of one bcrypt hash at `bcryptCost`; one more cost doubles it. */
    readonly bcryptMs: number;
    readonly bcryptCost: number;
    /** CPU of one argon2id hash at `argon2idCost` (19 MiB, 2^(cost - 10) passes); one more cost doubles it. */
    readonly argon2idMs: number;
    readonly argon2idCost: number;
    /** Memory of one running argon2id hash. */
    readonly argon2idMemoryMib: number;
  };
  /** CPU of the auth API outside hashing, per request. */
  readonly api: {
    readonly loginMs: number;
    readonly refreshMs: number;
    readonly profileMs: number;
    readonly verifyHitMs: number;
    readonly verifyMissMs: number;
    readonly logoutMs: number;
    /** CPU of each pod for a log-out on any of them: it hears of each at once, and twice more with others. */
    readonly logoutHeardMs: number;
    /** CPU of a pod that does nothing: probes, metrics, timers. */
    readonly idleMillicores: number;
    /** Resident memory of a pod that serves, caches full, without argon2id's. */
    readonly memoryMib: number;
  };
  readonly gateway: { readonly requestMs: number };
  readonly postgres: {
    /** CPU of a statement on the server. */
    readonly readMs: number;
    readonly writeMs: number;
    /** How long a connection is taken by a statement beyond its CPU: network, and for writes the commit. */
    readonly readWaitMs: number;
    readonly writeWaitMs: number;
    /** CPU of PgBouncer per statement; it has one thread. */
    readonly poolerMs: number;
    readonly bytesPerUser: number;
    readonly bytesPerSession: number;
    readonly bytesPerRefreshToken: number;
    /** With its share of five indexes. */
    readonly bytesPerAuditEvent: number;
    readonly mibPerConnection: number;
  };
  readonly redis: {
    /** CPU of a command; a shard has one thread. */
    readonly commandMicroseconds: number;
    /** CPU of telling one pod of one log-out; all of that is the thread of one shard. */
    readonly deliveryMicroseconds: number;
    readonly bytesPerSession: number;
    readonly bytesPerActiveUser: number;
  };
}

/**
 * Taken on 2 shared cores of 2020's server kind. bcrypt measured with all cores busy, deliveries by Redis with thousands of
 * messages a second to 60 clients (0.25 to 0.54 µs; more where there are few, and it does not matter); the rest are bounds
 * that the project holds itself to, or estimates on the safe side: calibrate before you buy.
 */
export const DEFAULT_CALIBRATION: Calibration = {
  source: 'defaults (bcrypt measured with all cores busy; the rest on the safe side)',
  hashing: { bcryptMs: 105, bcryptCost: 11, argon2idMs: 20, argon2idCost: 11, argon2idMemoryMib: 19 },
  api: {
    loginMs: 3,
    refreshMs: 0.8,
    profileMs: 0.5,
    verifyHitMs: 0.05,
    verifyMissMs: 0.6,
    logoutMs: 0.8,
    logoutHeardMs: 0.02,
    idleMillicores: 15,
    memoryMib: 300,
  },
  gateway: { requestMs: 0.1 },
  postgres: {
    readMs: 0.15,
    writeMs: 0.4,
    readWaitMs: 1,
    writeWaitMs: 4,
    poolerMs: 0.05,
    bytesPerUser: 1000,
    bytesPerSession: 450,
    bytesPerRefreshToken: 250,
    bytesPerAuditEvent: 500,
    mibPerConnection: 8,
  },
  redis: { commandMicroseconds: 15, deliveryMicroseconds: 0.5, bytesPerSession: 600, bytesPerActiveUser: 1800 },
};

/**
 * A calibration from parsed JSON. Sections and fields left out keep their defaults.
 * @throws RangeError naming the field that is unknown, or no positive number
 */
export function parseCalibration(json: unknown): Calibration {
  return filledIn(DEFAULT_CALIBRATION, json, '') as Calibration;
}

function filledIn(defaults: unknown, given: unknown, path: string): unknown {
  if (given === undefined) return defaults;
  if (typeof defaults === 'string') {
    if (typeof given !== 'string') throw new RangeError(`${path} must be a text`);
    return given;
  }
  if (typeof defaults === 'number') {
    if (typeof given !== 'number' || !Number.isFinite(given) || given <= 0) {
      throw new RangeError(`${path} must be a positive number, not ${JSON.stringify(given)}`);
    }
    return given;
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new RangeError(`${path === '' ? 'the calibration' : path} must be an object`);
  }
  const at = (name: string) => (path === '' ? name : `${path}.${name}`);
  const known = defaults as Record<string, unknown>;
  const values = given as Record<string, unknown>;
  const unknown = Object.keys(values).find((name) => !(name in known));
  if (unknown !== undefined) {
    throw new RangeError(`${at(unknown)} is unknown; there are ${Object.keys(known).join(', ')}`);
  }
  return Object.fromEntries(
    Object.entries(known).map(([name, value]) => [name, filledIn(value, values[name], at(name))]),
  );
}

export interface Hashing {
  readonly algorithm: 'bcrypt' | 'argon2id';
  readonly cost: number;
}

/** CPU of one hash, in milliseconds of a core. */
export function hashMs({ hashing }: Calibration, { algorithm, cost }: Hashing): number {
  return algorithm === 'bcrypt'
    ? hashing.bcryptMs * 2 ** (cost - hashing.bcryptCost)
    : hashing.argon2idMs * 2 ** (cost - hashing.argon2idCost);
}
