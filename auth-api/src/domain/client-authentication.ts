import type { ClientAbility, ClientKeySet, ClientStore, OAuthClient } from './ports/clients.ts';
import type { Clock } from './ports/clock.ts';
import type { RateLimiter } from './ports/limits.ts';
import { uuidPattern } from './uuid.ts';

/** What a request shows of who sends it (RFC 6749 section 2.3, RFC 7523 section 2.2). */
export type PresentedClient =
  | { readonly kind: 'secret'; readonly id: string; readonly secret: string }
  | { readonly kind: 'assertion'; readonly id: string; readonly assertion: string };

export interface ClientSecrets {
  /** 256 bits: the same for the same seed, at random without one. */
  mint(seed: string | undefined): string;
  hash(secret: string): Buffer;
  isAmong(secret: string, hashes: readonly Buffer[]): boolean;
}

export interface AssertionClaims {
  readonly id: string;
  readonly expiresAtMs: number;
}

export interface ClientAssertions {
  /** Undefined for whatever is not an assertion of this client, made for this service and good now. */
  verify(
    assertion: string,
    client: { readonly id: string; readonly jwks: ClientKeySet },
    nowMs: number,
  ): Promise<AssertionClaims | undefined>;
}

export interface UsedAssertions {
  /** False where it was remembered already. @throws DependencyUnavailableError where that cannot be known */
  remember(clientId: string, claims: AssertionClaims, nowMs: number): Promise<boolean>;
}

/** The services of a mounted Secret, which need no database. */
export interface ConfiguredClients {
  areValid(id: string, secret: string): boolean;
}

export interface ClientAuthenticationPorts {
  readonly clients: Pick<ClientStore, 'find' | 'noteUse'>;
  /** May be some seconds late. */
  readonly rememberedClients: Pick<ClientStore, 'find'>;
  readonly configuredClients: ConfiguredClients;
  readonly clientSecrets: ClientSecrets;
  readonly clientAssertions: ClientAssertions;
  readonly usedAssertions: UsedAssertions;
  readonly limits: RateLimiter;
  readonly clock: Clock;
}

export interface AuthenticatedClient {
  readonly id: string;
  readonly may: readonly ClientAbility[];
  /** Undefined for one of the configuration. */
  readonly registered: OAuthClient | undefined;
}

export type ClientAuthentication =
  | { readonly kind: 'authenticated'; readonly client: AuthenticatedClient }
  | { readonly kind: 'refused' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number };

export interface ClientAttempt {
  readonly presented: PresentedClient | undefined;
  /** Undefined where the network cannot be told from others. */
  readonly clientNetwork: string | undefined;
  /** Whether what was registered some seconds ago will do. */
  readonly mayBeRemembered: boolean;
}

const usedLatelyMs = 60_000;

/**
 * Which client this is. Failures alone are limited: who guesses is slowed down, and cannot keep out who has the right
 * credentials.
 */
export async function authenticateClient(
  { presented, clientNetwork, mayBeRemembered }: ClientAttempt,
  ports: ClientAuthenticationPorts,
): Promise<ClientAuthentication> {
  const find = (id: string) => (mayBeRemembered ? ports.rememberedClients : ports.clients).find(id);
  const client = presented === undefined ? undefined : await authenticated(presented, find, ports);
  if (client !== undefined) return { kind: 'authenticated', client };
  const decision = await ports.limits.take('client_failure', clientNetwork ?? `client ${presented?.id ?? ''}`);
  return decision.kind === 'limited' ? decision : { kind: 'refused' };
}

async function authenticated(
  presented: PresentedClient,
  find: ClientStore['find'],
  ports: ClientAuthenticationPorts,
): Promise<AuthenticatedClient | undefined> {
  const { id } = presented;
  if (presented.kind === 'secret' && ports.configuredClients.areValid(id, presented.secret)) {
    return { id, may: ['introspect', 'revoke'], registered: undefined };
  }
  // What cannot be an id of ours names nothing.
  const client = uuidPattern.test(id) ? await find(id) : undefined;
  const isShown =
    presented.kind === 'secret'
      ? // Hashed and compared also where there is no such client.
        ports.clientSecrets.isAmong(presented.secret, client?.secretHashes ?? [])
      : await isAsserted(presented.assertion, client, ports);
  if (client === undefined || !isShown || client.status !== 'active') return undefined;
  if (ports.clock.nowMs() - (client.lastUsedAt?.getTime() ?? 0) > usedLatelyMs) ports.clients.noteUse(id);
  return { id, may: client.may, registered: client };
}

async function isAsserted(
  assertion: string,
  client: OAuthClient | undefined,
  { clientAssertions, usedAssertions, clock }: ClientAuthenticationPorts,
): Promise<boolean> {
  if (client === undefined || client.jwks === null) return false;
  const nowMs = clock.nowMs();
  const claims = await clientAssertions.verify(assertion, { id: client.id, jwks: client.jwks }, nowMs);
  return claims !== undefined && (await usedAssertions.remember(client.id, claims, nowMs));
}
