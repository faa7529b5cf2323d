import { z } from 'zod';
import { permissionNamePattern } from '../domain/permissions.ts';
import type { SessionSummary } from '../domain/ports/sessions.ts';
import type { UserProfile } from '../domain/ports/users.ts';
import type { IssuedTokens } from '../domain/tokens.ts';
import { usernamePattern } from '../domain/username.ts';

/** Longer than any password that can be set: an imported one may be longer than the rules of today allow. */
export const presentedPassword = z.string().min(1).max(1024).meta({ format: 'password' });
export const presentedToken = z.string().min(1).max(512);

const tokenDeliveries = ['body', 'cookie'] as const;
export type TokenDelivery = (typeof tokenDeliveries)[number];

export const tokenDelivery = z
  .enum(tokenDeliveries)
  .optional()
  .describe('Where the refresh token goes: `body` if left out; for a page, `cookie`, which no script can read.');

export const loginRequest = z
  .strictObject({
    username: z.string().min(1).max(320),
    password: presentedPassword,
    refresh_token_delivery: tokenDelivery,
  })
  .meta({ id: 'LoginRequest' });

const refreshToken = presentedToken.optional().describe('Left out where it is in the cookie.');

export const refreshRequest = z.strictObject({ refresh_token: refreshToken }).meta({ id: 'RefreshRequest' });

export const logoutRequest = z.strictObject({ refresh_token: refreshToken }).meta({ id: 'LogoutRequest' });

export const locale = z
  .string()
  .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, 'must be a language tag such as en or pt-BR')
  .describe('A language tag (BCP 47), for mail.');

export const registrationRequest = z
  .strictObject({
    username: z
      .string()
      .regex(usernamePattern, 'must be 3 to 64 letters, digits or ._@+-, beginning with a letter or a digit'),
    password: presentedPassword.describe('15 characters and more, and none that are commonly used.'),
    email: z.email().max(254).optional(),
    display_name: z.string().trim().min(1).max(200).optional(),
    locale: locale.optional(),
  })
  .meta({ id: 'RegistrationRequest' });

export const profileChangeRequest = z
  .strictObject({
    email: z.email().max(254).nullable().optional(),
    display_name: z.string().trim().min(1).max(200).nullable().optional(),
    locale: locale.nullable().optional(),
  })
  .meta({ id: 'ProfileChangeRequest' });

export const passwordChangeRequest = z
  .strictObject({ current_password: presentedPassword, new_password: presentedPassword })
  .meta({ id: 'PasswordChangeRequest' });

export const resetStartRequest = z
  .strictObject({ identifier: z.string().min(1).max(320).describe('A user name, or an address that was verified.') })
  .meta({ id: 'PasswordResetRequest' });

export const resetRequest = z
  .strictObject({ token: presentedToken, new_password: presentedPassword })
  .meta({ id: 'PasswordResetConfirmation' });

export const verificationRequest = z.strictObject({ token: presentedToken }).meta({ id: 'EmailVerification' });

export const deletionRequest = z.strictObject({ password: presentedPassword }).meta({ id: 'AccountDeletionRequest' });

export const permissionName = z
  .string()
  .max(100)
  .regex(permissionNamePattern, 'must be lower-case words joined by one of ._:-');

export const authorizeRequest = z
  .strictObject({ permissions: z.array(permissionName).min(1).max(100).describe('All of them must be held.') })
  .meta({ id: 'AuthorizeRequest' });

export const authorizeResponse = z.object({ allowed: z.boolean() }).meta({ id: 'AuthorizeResponse' });

export const grantsResponse = z
  .object({ roles: z.array(z.string()), permissions: z.array(z.string()) })
  .meta({ id: 'Grants' });

export const pageQuery = z.strictObject({
  cursor: z.uuid().optional().describe('The `next_cursor` of the page before.'),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});

const sessionResponse = z
  .object({
    id: z.uuid(),
    is_current: z.boolean(),
    created_at: z.iso.datetime(),
    last_used_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    client_address: z.string().nullable(),
    user_agent: z.string().nullable(),
  })
  .meta({ id: 'Session' });

export const sessionListResponse = z
  .object({ items: z.array(sessionResponse), next_cursor: z.uuid().nullable() })
  .meta({ id: 'SessionList' });

export const tokenResponse = z
  .object({
    access_token: z.string(),
    token_type: z.literal('Bearer'),
    expires_in: z.int().describe('Seconds.'),
    refresh_token: z.string().optional().describe('Left out where a cookie was set in its place.'),
  })
  .meta({ id: 'TokenResponse' });

export const userResponse = z
  .object({
    id: z.uuid(),
    username: z.string(),
    email: z.string().nullable(),
    email_verified: z.boolean(),
    display_name: z.string().nullable(),
    locale: z.string().nullable(),
    roles: z.array(z.string()),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'User' });

export const problemResponse = z
  .object({
    type: z.url(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    errors: z
      .array(z.object({ pointer: z.string().describe('RFC 6901, into the body.'), detail: z.string() }))
      .optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457.' });

/** What a login is answered with whose password was right and which waits for a code. */
const challengeResponse = problemResponse
  .extend({
    mfa_token: z.string().describe('For POST /v1/login/mfa, or /v1/login/mfa/enrollment before it.'),
    expires_in: z.int().describe('Seconds.'),
  })
  .meta({ id: 'SecondFactorNeeded', description: 'Type mfa-required, or mfa-enrollment-required.' });

/** What a login is answered with that has shown all that is asked for, and waits for another password. */
const passwordChangeResponse = problemResponse
  .extend({
    password_change_token: z.string().describe('For POST /v1/login/password.'),
    expires_in: z.int().describe('Seconds.'),
    recovery_codes: z
      .array(z.string())
      .optional()
      .describe('Where the code was the first of a secret. They are not shown again.'),
  })
  .meta({ id: 'PasswordChangeNeeded', description: 'Type password-change-required.' });

/** With which a login is answered 403. */
export const loginForbidden = z
  .union([challengeResponse, passwordChangeResponse, problemResponse])
  .meta({ id: 'LoginForbidden' });
export const completionForbidden = z
  .union([passwordChangeResponse, problemResponse])
  .meta({ id: 'LoginCompletionForbidden' });

/** RFC 6749 section 5.1. */
export function tokenBody(tokens: IssuedTokens): z.output<typeof tokenResponse> {
  return {
    access_token: tokens.accessToken,
    token_type: 'Bearer',
    expires_in: tokens.expiresInSeconds,
    refresh_token: tokens.refreshToken,
  };
}

export function userBody(profile: UserProfile): z.output<typeof userResponse> {
  return {
    id: profile.id,
    username: profile.username,
    email: profile.email,
    email_verified: profile.isEmailVerified,
    display_name: profile.displayName,
    locale: profile.locale,
    roles: [...profile.roles],
    created_at: profile.createdAt.toISOString(),
    updated_at: profile.updatedAt.toISOString(),
  };
}

export function sessionBody(session: SessionSummary, currentSessionId: string): z.output<typeof sessionResponse> {
  return {
    id: session.id,
    is_current: session.id === currentSessionId,
    created_at: session.createdAt.toISOString(),
    last_used_at: session.lastUsedAt.toISOString(),
    expires_at: session.expiresAt.toISOString(),
    client_address: session.clientAddress,
    user_agent: session.userAgent,
  };
}

/** A list is `{items, next_cursor}`; a page that is not full is the last. */
export function pageBody<Item extends { id: string }>(items: readonly Item[], limit: number) {
  return { items, next_cursor: items.length < limit ? null : (items.at(-1)?.id ?? null) };
}
