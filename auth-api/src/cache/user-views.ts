import { z } from 'zod';
import type { Role } from '../domain/administration.ts';
import type { Grants, UserBasics, UserProfile, UserViews } from '../domain/ports/users.ts';
import type { LocalCache } from './local-cache.ts';
import type { Lsn } from './lsn.ts';
import type { OwnWrites } from './own-writes.ts';
import type { SharedCache, SharedCacheCodec } from './shared-cache.ts';

const names = z.array(z.string());
const moment = z.codec(z.number(), z.date(), { decode: (ms) => new Date(ms), encode: (date) => date.getTime() });
const basics = z.object({
  id: z.string(),
  username: z.string(),
  email: z.string().nullable(),
  isEmailVerified: z.boolean(),
  displayName: z.string().nullable(),
  locale: z.string().nullable(),
  version: z.number(),
  createdAt: moment,
  updatedAt: moment,
});
const grants = z.object({ roles: names, permissions: names });

const roles = z.array(
  z.object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    permissions: names,
    requiresSecondFactor: z.boolean(),
  }),
);

/** JSON of a shape; what has another shape is loaded anew. */
function jsonCodec<T>(schema: z.ZodType<T, unknown>): SharedCacheCodec<T> {
  return {
    encode: (value) => JSON.stringify(z.encode(schema, value)),
    decode: (text) => {
      try {
        return schema.safeParse(JSON.parse(text)).data;
      } catch {
        return undefined;
      }
    },
  };
}

export const userBasicsCodec = jsonCodec<UserBasics>(basics);
export const grantsCodec = jsonCodec<Grants>(grants);
export const rolesCodec = jsonCodec<readonly Role[]>(roles);

/** Reads of which a replica that has replayed `minimumLsn` may answer. */
export interface UserViewReads {
  basics(userId: string, minimumLsn: Lsn): Promise<UserBasics | undefined>;
  grants(userId: string, minimumLsn: Lsn): Promise<Grants | undefined>;
}

export interface CachedUserViewsOptions {
  readonly local: LocalCache<UserBasics>;
  readonly profiles: SharedCache<UserBasics>;
  readonly permissions: SharedCache<Grants>;
  readonly reads: UserViewReads;
  readonly ownWrites: Pick<OwnWrites, 'read'>;
}

/** What is shown of users. Profile and grants are kept apart, since what changes one leaves the other as it is. */
export class CachedUserViews implements UserViews {
  readonly #options: CachedUserViewsOptions;

  constructor(options: CachedUserViewsOptions) {
    this.#options = options;
  }

  async profile(userId: string, sessionId: string | undefined): Promise<UserProfile | undefined> {
    const [found, { roles }] = await Promise.all([this.#basics(userId, sessionId), this.grants(userId, sessionId)]);
    return found === undefined ? undefined : { ...found, roles };
  }

  async grants(userId: string, sessionId: string | undefined): Promise<Grants> {
    const { permissions, reads, ownWrites } = this.#options;
    const direct = (minimumLsn: Lsn) => reads.grants(userId, minimumLsn);
    const cached = () => permissions.read(userId, direct);
    const found = await ownWrites.read(sessionId, { type: 'user_permissions', id: userId, cached, direct });
    return found ?? { roles: [], permissions: [] };
  }

  #basics(userId: string, sessionId: string | undefined): Promise<UserBasics | undefined> {
    const { local, profiles, reads, ownWrites } = this.#options;
    const direct = (minimumLsn: Lsn) => reads.basics(userId, minimumLsn);
    const cached = () => local.read(userId, () => profiles.read(userId, direct));
    return ownWrites.read(sessionId, { type: 'user_profile', id: userId, cached, direct });
  }
}
