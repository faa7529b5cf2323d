import type { z } from 'zod';
import type { AccountPorts } from '../domain/account.ts';
import type { AccountDirectory, RoleStore } from '../domain/administration.ts';
import type { AuditLog, PendingAuditEvent } from '../domain/audit.ts';
import type { CacheAdministration } from '../domain/cache-administration.ts';
import type { ClientAuthenticationPorts } from '../domain/client-authentication.ts';
import type { IdempotencyKeys } from '../domain/idempotency.ts';
import type { LoginPorts } from '../domain/login.ts';
import type { LoginChallengePorts } from '../domain/login-challenge.ts';
import type { PersonalDataStore } from '../domain/personal-data.ts';
import type { AccessDocuments } from '../domain/ports/access-documents.ts';
import type { AccountExporter, AccountImporter, Turn } from '../domain/ports/account-transfer.ts';
import type { ClientStore } from '../domain/ports/clients.ts';
import type { Overload } from '../domain/ports/overload.ts';
import type { LiveSessions, SessionWrites } from '../domain/ports/sessions.ts';
import { type AccessClaims, isService, type TokenClaims } from '../domain/ports/tokens.ts';
import type { UserViews } from '../domain/ports/users.ts';
import type { RecoveryPorts } from '../domain/recovery.ts';
import type { RefreshPorts } from '../domain/refresh.ts';
import type { RegistrationPorts } from '../domain/registration.ts';
import type { Statistics } from '../domain/statistics.ts';
import type { AuthenticationMetrics } from '../observability/metrics.ts';
import type { CircuitBreaker } from '../resilience/circuit-breaker.ts';
import type { BrowserPorts, BrowserRequest } from './browser-sessions.ts';
import type { EntityTags } from './etag.ts';
import type { Answer } from './problem.ts';

/** All that routes may use. */
export interface ApiPorts
  extends LoginPorts,
    RefreshPorts,
    RegistrationPorts,
    AccountPorts,
    RecoveryPorts,
    LoginChallengePorts,
    ClientAuthenticationPorts,
    BrowserPorts {
  readonly users: LoginPorts['users'];
  readonly clients: ClientStore;
  readonly limits: LoginPorts['limits'];
  readonly sessions: LoginPorts['sessions'];
  /** How long ago somebody may have shown who they are before a sensitive request. */
  readonly stepUpMaxAgeSeconds: number;
  /** What people know this service by. */
  readonly serviceName: string;
  /** This pod's, to tell what is its alone. */
  readonly podName: string;
  readonly views: UserViews;
  readonly ownWrites: SessionWrites;
  readonly liveSessions: LiveSessions;
  readonly roles: RoleStore;
  readonly accessDocuments: AccessDocuments;
  readonly accounts: AccountDirectory;
  readonly importer: AccountImporter;
  readonly exporter: AccountExporter;
  readonly personalData: PersonalDataStore;
  /** One import at a time. */
  readonly importTurn: Turn;
  readonly idempotencyKeys: IdempotencyKeys;
  readonly audit: AuditLog;
  /** The operations that leave events, and what else there is in the log. */
  readonly auditTypes: readonly string[];
  readonly statistics: (days: number) => Promise<Statistics>;
  readonly metrics: AuthenticationMetrics;
  readonly overload: Overload;
  /** Whether anybody may make an account. */
  readonly isRegistrationOpen: boolean;
  /** By dependency. */
  readonly circuitBreakers: ReadonlyMap<string, Pick<CircuitBreaker, 'snapshot' | 'reset'>>;
  readonly caches: CacheAdministration;
  readonly jwks: () => object;
  /** A URL, under which clients reach this service. */
  readonly issuer: string;
}

export interface RouteRequest<Body, Query> {
  readonly body: Body;
  readonly query: Query;
  /** The body where the route takes lines: to be read once. */
  readonly bytes: () => AsyncIterable<Buffer>;
  /** The `{name}` of the path, as decoded text. */
  readonly parameter: (name: string) => string;
  /** `*` where the header is missing. */
  readonly ifMatch: EntityTags;
  readonly idempotencyKey: string | undefined;
  readonly clientAddress: string | undefined;
  /** The network of a client that can be told from others: not one behind our own proxies and networks. */
  readonly clientNetwork: string | undefined;
  readonly userAgent: string | undefined;
  readonly browser: BrowserRequest;
  /** Language tags that the client prefers, the best first. */
  readonly languages: readonly string[];
  /** Fires when the client leaves before the answer. */
  readonly signal: AbortSignal;
  /** What the audit log will tell of this request. What an administrator does is written together with it. */
  readonly event: PendingAuditEvent;
}

export interface AnswerDescription {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** There are any number of them, a line each. */
  readonly isLines?: boolean;
}

export const defaultMaxBodyKib = 16;

export interface RouteDescription<Body extends z.ZodType, Query extends z.ZodObject> {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** In the manner of OpenAPI: `/v1/sessions/{id}`. Every parameter is declared in `parameters`. */
  readonly path: string;
  /** Also the operation in metrics. */
  readonly operation: string;
  readonly summary: string;
  readonly parameters?: Readonly<Record<string, z.ZodType<string>>>;
  readonly query?: Query;
  readonly body?: Body;
  /** defaultMaxBodyKib where it is left out. */
  readonly maxBodyKib?: number;
  /** The body is a stream of lines of JSON (application/x-ndjson), which the route reads and holds to this by itself. */
  readonly line?: z.ZodType;
  /** Whether the If-Match header must be sent, or may be. */
  readonly ifMatch?: 'needed' | 'taken';
  /** It may be repeated with the same Idempotency-Key; see createOnce. */
  readonly takesIdempotencyKey?: boolean;
  /** What the user must hold. */
  readonly permission?: string;
  /** Who asks must have shown lately who they are, with the second factor if there is one. */
  readonly needsStepUp?: boolean;
  /** A page's cookie may stand for the refresh token of the body. */
  readonly takesRefreshCookie?: boolean;
  /** A session may be over after it, and with it the cookie of who asked. */
  readonly endsSessions?: boolean;
  /** Changes nothing, although it is no GET. */
  readonly isRead?: boolean;
  /** Nothing is asked that could be unavailable. */
  readonly isStatic?: boolean;
  /** By status. Those that follow from the rest (401, 403, 404 of a parameter, 422, 428, 503, ...) need not be listed. */
  readonly answers: Readonly<Record<number, AnswerDescription>>;
}

export interface Route {
  readonly description: RouteDescription<z.ZodType, z.ZodObject>;
  readonly access: 'public' | 'bearer';
  /** Also with the token that a service got for itself. */
  readonly isForServices?: boolean;
  /** @param claims undefined exactly where the route is public */
  readonly handle: (
    request: RouteRequest<unknown, unknown>,
    claims: TokenClaims | undefined,
    ports: ApiPorts,
  ) => Promise<Answer>;
}

export function publicRoute<Body extends z.ZodType, Query extends z.ZodObject>(
  description: RouteDescription<Body, Query>,
  handle: (request: RouteRequest<z.output<Body>, z.output<Query>>, ports: ApiPorts) => Promise<Answer>,
): Route {
  return {
    description,
    access: 'public',
    handle: (request, _, ports) => handle(request as RouteRequest<z.output<Body>, z.output<Query>>, ports),
  };
}

/** A route that needs an access token of a live session: a user's. */
export function bearerRoute<Body extends z.ZodType, Query extends z.ZodObject>(
  description: RouteDescription<Body, Query>,
  handle: (
    request: RouteRequest<z.output<Body>, z.output<Query>>,
    claims: AccessClaims,
    ports: ApiPorts,
  ) => Promise<Answer>,
): Route {
  return {
    description,
    access: 'bearer',
    handle: (request, claims, ports) => {
      if (claims === undefined || isService(claims)) {
        throw new Error(`${description.operation} was called without a user's claims`);
      }
      return handle(request as RouteRequest<z.output<Body>, z.output<Query>>, claims, ports);
    },
  };
}

/** A route that needs an access token, be it a user's or a service's. */
export function holderRoute<Body extends z.ZodType, Query extends z.ZodObject>(
  description: RouteDescription<Body, Query>,
  handle: (
    request: RouteRequest<z.output<Body>, z.output<Query>>,
    claims: TokenClaims,
    ports: ApiPorts,
  ) => Promise<Answer>,
): Route {
  return {
    description,
    access: 'bearer',
    isForServices: true,
    handle: (request, claims, ports) => {
      if (claims === undefined) throw new Error(`${description.operation} was called without claims`);
      return handle(request as RouteRequest<z.output<Body>, z.output<Query>>, claims, ports);
    },
  };
}
