import type { components } from './generated/openapi.ts';
import type { CallOptions } from './operations.ts';
import { ProblemError } from './problem.ts';
import { answerOf, outgoing } from './request.ts';
import type { Session, TokenAnswer } from './session.ts';
import type { Transport } from './transport.ts';

/** What a login takes: a user name and a password. */
export type Credentials = Omit<components['schemas']['LoginRequest'], 'refresh_token_delivery'>;
/** A new secret for an authenticator, which counts once `complete` has been called with a code of it. */
export type Enrollment = components['schemas']['SecondFactorEnrollment'];

/** What a login whose password was right has come to. */
export type LoginOutcome = { readonly kind: 'loggedIn' } | SecondFactorNeeded | PasswordChangeNeeded;

/** The password was right; the login waits for a code. What proves that much stays in here, and is shown to nobody. */
export interface SecondFactorNeeded {
  readonly kind: 'secondFactorNeeded';
  /** False: a role requires a second factor and there is none yet. Call `enroll` first. */
  readonly isEnrolled: boolean;
  /** How long this can be completed; afterwards the login has to begin anew. */
  readonly expiresInSeconds: number;
  /** Asks for a secret for the user's authenticator, with its QR code. */
  enroll(options?: CallOptions): Promise<Enrollment>;
  /** Takes a code of the authenticator, or a recovery code. */
  complete(code: string, options?: CallOptions): Promise<Completion>;
}

/** All that was shown is right; an administrator requires another password before there is a session. */
export interface PasswordChangeNeeded {
  readonly kind: 'passwordChangeNeeded';
  /** How long this can be completed; afterwards the login has to begin anew. */
  readonly expiresInSeconds: number;
  /** Sets the password, and is logged in. */
  change(newPassword: string, options?: CallOptions): Promise<void>;
}

/** What is left to tell, or to do, after a code was right. */
export interface Completion {
  /** To be kept by the user: each stands for a code, once. Only with the first code of a new secret. */
  readonly recoveryCodes?: readonly string[];
  /** Where another password is required before there is a session. Left out: the user is logged in. */
  readonly passwordChange?: PasswordChangeNeeded;
}

interface Challenge {
  readonly type: string;
  readonly mfa_token: string;
  readonly expires_in: number;
}

type PasswordChallenge = components['schemas']['PasswordChangeNeeded'];
type CompletionAnswer = TokenAnswer & components['schemas']['LoginCompletionResponse'];

/** Resolves to what the login has come to. Rejects with a ProblemError where the service refuses. */
export async function logIn(
  credentials: Credentials,
  options: CallOptions,
  session: Session,
  transport: Transport,
): Promise<LoginOutcome> {
  const { username, password } = credentials;
  const request = outgoing('POST', '/v1/login', { ...options, body: { username, password, ...session.delivery } });
  await session.settled(options.signal);
  const response = await transport({ ...request, expectedStatus: 403 });
  const { status, body } = await answerOf<TokenAnswer | Challenge | PasswordChallenge>(response);
  if (status !== 403) {
    await session.begin(body as TokenAnswer);
    return { kind: 'loggedIn' };
  }
  if (isPasswordChallenge(body)) return passwordChangeNeeded(body, session, transport);
  if (typeof body !== 'object' || !('mfa_token' in body)) throw new ProblemError(response, body);
  return secondFactorNeeded(body, session, transport);
}

function secondFactorNeeded(challenge: Challenge, session: Session, transport: Transport): SecondFactorNeeded {
  const { mfa_token } = challenge;
  return {
    kind: 'secondFactorNeeded',
    isEnrolled: !challenge.type.endsWith('/mfa-enrollment-required'),
    expiresInSeconds: challenge.expires_in,
    async enroll(options = {}) {
      const request = outgoing('POST', '/v1/login/mfa/enrollment', { ...options, body: { mfa_token } });
      return (await answerOf<Enrollment>(await transport(request))).body;
    },
    async complete(code, options = {}) {
      const request = outgoing('POST', '/v1/login/mfa', { ...options, body: { mfa_token, code, ...session.delivery } });
      await session.settled(options.signal);
      const response = await transport({ ...request, expectedStatus: 403 });
      const { status, body } = await answerOf<CompletionAnswer | PasswordChallenge>(response);
      if (status === 403 && !isPasswordChallenge(body)) throw new ProblemError(response, body);
      const codes = body.recovery_codes === undefined ? {} : { recoveryCodes: body.recovery_codes };
      if (isPasswordChallenge(body))
        return { ...codes, passwordChange: passwordChangeNeeded(body, session, transport) };
      await session.begin(body);
      return codes;
    },
  };
}

function passwordChangeNeeded(
  { password_change_token, expires_in }: PasswordChallenge,
  session: Session,
  transport: Transport,
): PasswordChangeNeeded {
  return {
    kind: 'passwordChangeNeeded',
    expiresInSeconds: expires_in,
    async change(newPassword, options = {}) {
      const body = { password_change_token, new_password: newPassword, ...session.delivery };
      const request = outgoing('POST', '/v1/login/password', { ...options, body });
      await session.settled(options.signal);
      await session.begin((await answerOf<TokenAnswer>(await transport(request))).body);
    },
  };
}

function isPasswordChallenge(body: unknown): body is PasswordChallenge {
  return typeof body === 'object' && body !== null && 'password_change_token' in body;
}
