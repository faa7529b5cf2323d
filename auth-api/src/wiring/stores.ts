import type { Logger } from 'pino';
import { CachedLiveSessions } from '../cache/live-sessions.ts';
import { LoginMemory } from '../cache/login-memory.ts';
import { RememberedClients } from '../cache/remembered-clients.ts';
import { CachedUserViews } from '../cache/user-views.ts';
import type { ServeConfig } from '../config.ts';
import { uuidV7 } from '../domain/uuid.ts';
import type { Metrics } from '../observability/metrics.ts';
import { PostgresAccessDocuments } from '../storage/postgres/access-document-store.ts';
import { PostgresAccountDirectory } from '../storage/postgres/account-directory.ts';
import { PostgresAccountExporter } from '../storage/postgres/account-exporter.ts';
import { PostgresAccountImporter } from '../storage/postgres/account-importer.ts';
import { PostgresClientStore } from '../storage/postgres/client-store.ts';
import { PostgresLoginChallengeStore } from '../storage/postgres/login-challenge-store.ts';
import { PostgresMailOutbox } from '../storage/postgres/mail-outbox.ts';
import { PostgresMailedTokenStore } from '../storage/postgres/mailed-token-store.ts';
import { PostgresPersonalData } from '../storage/postgres/personal-data-store.ts';
import { PostgresRoleStore } from '../storage/postgres/role-store.ts';
import { PostgresSecondFactorStore } from '../storage/postgres/second-factor-store.ts';
import { PostgresSessionStore } from '../storage/postgres/session-store.ts';
import { SplitReads } from '../storage/postgres/split-reads.ts';
import { PostgresUserStore } from '../storage/postgres/user-store.ts';
import { PostgresUserViewReads } from '../storage/postgres/user-views.ts';
import type { Caches } from './caches.ts';
import type { Databases } from './databases.ts';

/** What is kept in PostgreSQL, behind the caches where that is allowed. */
export function createStores(
  { maxSessionsPerUser, tokens, mail }: ServeConfig,
  { databases, caches, metrics, log }: { databases: Databases; caches: Caches; metrics: Metrics; log: Logger },
) {
  const { primary, replicas } = databases;
  const { announce, ownWrites } = caches;
  const reads = new SplitReads({ primary, replicas, onRead: (source) => metrics.readFrom(source) });
  const sessions = new PostgresSessionStore(primary, {
    announce,
    memory: caches.session,
    logins: new LoginMemory({ ...caches, later: setImmediate }),
    maxSessionsPerUser,
    maxLifetimeSeconds: tokens.sessionMaxLifetimeSeconds,
  });
  const clients = new PostgresClientStore(primary, {
    announce,
    onNoteError: (error) => log.debug({ error }, 'the use of a client could not be noted'),
  });
  return {
    ownWrites,
    sessions,
    clients,
    rememberedClients: new RememberedClients(clients, () => performance.now()),
    users: new PostgresUserStore(primary, { announce, sendsMail: mail !== undefined }),
    mail: mail === undefined ? undefined : new PostgresMailOutbox(primary, mail),
    mailedTokens: new PostgresMailedTokenStore(primary, { announce }),
    secondFactors: new PostgresSecondFactorStore(primary),
    challenges: new PostgresLoginChallengeStore(primary),
    roles: new PostgresRoleStore(primary, { announce, definitions: caches.roleDefinitions, ownWrites }),
    accessDocuments: new PostgresAccessDocuments(primary, { announce, newId: () => uuidV7(Date.now()) }),
    accounts: new PostgresAccountDirectory(primary, announce),
    importer: new PostgresAccountImporter(primary),
    personalData: new PostgresPersonalData(primary),
    exporter: new PostgresAccountExporter(primary),
    liveSessions: new CachedLiveSessions({
      local: caches.session,
      shared: caches.sessionData,
      findLive: (sessionId) => sessions.findLive(sessionId),
      nowMs: () => Date.now(),
    }),
    views: new CachedUserViews({
      local: caches.userBasic,
      profiles: caches.userProfile,
      permissions: caches.userPermissions,
      reads: new PostgresUserViewReads(reads),
      ownWrites,
    }),
  };
}
