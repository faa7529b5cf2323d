import { secondFactorAcr } from '../domain/authentication-context.ts';

/** What a route answers with; the server writes it. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** In place of a body: text that is made while it is sent, as fast as the client takes it. */
  readonly stream?: AsyncIterable<string>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One fault of a request: where (RFC 6901, into the body) and what. */
export interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

export interface ProblemOptions {
  readonly detail?: string;
  readonly errors?: readonly Fault[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Members beside those of RFC 9457. */
  readonly extensions?: Readonly<Record<string, unknown>>;
}

const titles = {
  malformed_request: [400, 'The request is malformed'],
  unauthenticated: [401, 'A valid access token is needed'],
  invalid_credentials: [401, 'The user name or the password is wrong'],
  step_up_needed: [401, 'Show anew who you are: POST /v1/step-up'],
  invalid_mfa_token: [401, 'The login has to begin anew'],
  invalid_password_change_token: [401, 'The login has to begin anew'],
  invalid_refresh_token: [401, 'The refresh token is not valid'],
  mfa_required: [403, 'A code of the second factor is needed'],
  password_change_required: [403, 'Another password has to be set'],
  mfa_enrollment_required: [403, 'A second factor is required and there is none yet'],
  cross_site_request: [403, 'Cookies are for pages of allowed origins'],
  forbidden: [403, 'The permission for this is missing'],
  registration_closed: [403, 'Only an administrator makes accounts here'],
  not_found: [404, 'There is nothing here'],
  method_not_allowed: [405, 'The method is not allowed here'],
  username_taken: [409, 'The user name is taken'],
  email_taken: [409, 'The address belongs to another account'],
  no_client_secret: [409, 'The client has keys, and no secret'],
  mfa_enrolled: [409, 'There is a second factor already'],
  mfa_not_enrolled: [409, 'There is no second factor'],
  mfa_required_by_role: [409, 'A role of the account requires a second factor'],
  name_taken: [409, 'The name is taken'],
  too_many_roles: [409, 'The account would have more roles than its access tokens can carry'],
  needed_by_service: [409, 'The service itself needs it'],
  still_granted: [409, 'Somebody has what would be deleted'],
  version_conflict: [412, 'It has been changed by somebody else'],
  content_too_large: [413, 'The request is too large'],
  unsupported_media_type: [415, 'The request must be application/json'],
  lines_expected: [415, 'The request must be application/x-ndjson'],
  invalid_request: [422, 'The request is not valid'],
  idempotency_key_reused: [422, 'The Idempotency-Key stands for another request'],
  too_many_refused: [422, 'Too many lines were refused: the rest was left alone'],
  precondition_required: [428, 'Send If-Match with the ETag of what you have read'],
  too_many_requests: [429, 'Too many attempts'],
  internal_error: [500, 'Something went wrong here'],
  mail_not_configured: [501, 'This service sends no mail'],
  overloaded: [503, 'Too much to do at the moment'],
  unavailable: [503, 'Something needed for this is not available at the moment'],
} as const;

export type ProblemCode = keyof typeof titles;

/** A body can have more of them than anybody would read. */
const maxFaultsTold = 100;

const problemMediaType = 'application/problem+json';

/** A problem (RFC 9457): `{type, title, status, detail?, errors?: [{pointer, detail}]}`. */
export function problem(
  code: ProblemCode,
  { detail, errors, headers = {}, extensions = {} }: ProblemOptions = {},
): Answer {
  const [status, title] = titles[code];
  return {
    status,
    headers: { 'content-type': problemMediaType, ...headers },
    body: {
      type: `https://authcluster.dev/problems/${code.replaceAll('_', '-')}`,
      title,
      status,
      ...(detail === undefined ? {} : { detail }),
      ...(errors === undefined ? {} : { errors: errors.slice(0, maxFaultsTold) }),
      ...extensions,
    },
  };
}

/** For what would leave nobody who could change roles, and so mend anything. */
export function nobodyInCharge(): Answer {
  return problem('needed_by_service', { detail: 'nobody could change roles any more' });
}

/** 429 or 503 with Retry-After. */
export function comeBackLater(
  code: 'too_many_requests' | 'overloaded' | 'unavailable',
  retryAfterSeconds: number,
  options: Pick<ProblemOptions, 'detail' | 'extensions'> = {},
): Answer {
  return problem(code, { ...options, headers: { 'retry-after': String(retryAfterSeconds) } });
}

/** How a request may end that is let in only so often, or hashes a password, besides its own outcomes. */
export type Postponed =
  | { readonly kind: 'limited' | 'overloaded'; readonly retryAfterSeconds: number }
  | { readonly kind: 'abandoned' };

export function postponed(outcome: Postponed): Answer {
  // Who has left reads no answer, but the log does.
  if (outcome.kind === 'abandoned') return comeBackLater('overloaded', 1);
  return comeBackLater(outcome.kind === 'limited' ? 'too_many_requests' : 'overloaded', outcome.retryAfterSeconds);
}

/** 401 as RFC 6750 section 3 wants it: the error is named only where a token was presented. */
export function unauthenticated(presented: boolean): Answer {
  return problem('unauthenticated', { headers: { 'www-authenticate': bearerChallenge(presented) } });
}

/** RFC 9470 section 3: what the next access token must show. */
export function stepUpNeeded(maxAgeSeconds: number, needsSecondFactor: boolean): Answer {
  const acrValues = needsSecondFactor ? `, acr_values="${secondFactorAcr}"` : '';
  const challenge = `Bearer error="insufficient_user_authentication", max_age="${maxAgeSeconds}"${acrValues}`;
  return problem('step_up_needed', { headers: { 'www-authenticate': challenge } });
}

export function bearerChallenge(presented: boolean): string {
  return presented ? 'Bearer error="invalid_token"' : 'Bearer';
}
