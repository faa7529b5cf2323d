import { changePassword, deleteAccount } from '../../domain/account.ts';
import { holdsAll } from '../../domain/permissions.ts';
import type { UserProfile } from '../../domain/ports/users.ts';
import { missingForStepUp } from '../../domain/second-factor.ts';
import { uuidV7 } from '../../domain/uuid.ts';
import { etagOf, versionsOf } from '../etag.ts';
import {
  type Answer,
  comeBackLater,
  nobodyInCharge,
  postponed,
  problem,
  stepUpNeeded,
  unauthenticated,
} from '../problem.ts';
import { bearerRoute, holderRoute } from '../route.ts';
import {
  authorizeRequest,
  authorizeResponse,
  deletionRequest,
  grantsResponse,
  passwordChangeRequest,
  problemResponse,
  profileChangeRequest,
  userBody,
  userResponse,
} from '../schemas.ts';
import { limited } from './second-factor-answers.ts';

export const meRoute = bearerRoute(
  {
    method: 'get',
    path: '/v1/me',
    operation: 'get_me',
    summary: 'The account of the access token',
    answers: { 200: { description: 'The account; its ETag is for If-Match.', schema: userResponse } },
  },
  async (_, claims, ports) => {
    const profile = await ports.views.profile(claims.userId, claims.sessionId);
    return profile === undefined ? unauthenticated(true) : profileAnswer(profile);
  },
);

export const changeMeRoute = bearerRoute(
  {
    method: 'patch',
    path: '/v1/me',
    operation: 'change_me',
    summary: 'Change the profile',
    body: profileChangeRequest,
    ifMatch: 'needed',
    answers: {
      200: { description: 'The account as it is now.', schema: userResponse },
      412: { description: 'The profile has changed since it was read.', schema: problemResponse },
    },
  },
  async ({ body: { email, display_name: displayName, locale }, ifMatch, languages }, claims, ports) => {
    const { userId } = claims;
    // An address is a way in.
    const missing = email === undefined ? undefined : await missingForStepUp(claims, ports.stepUpMaxAgeSeconds, ports);
    if (missing !== undefined) return stepUpNeeded(ports.stepUpMaxAgeSeconds, missing.needsSecondFactor);
    const change = {
      ...(email === undefined ? {} : { email }),
      ...(displayName === undefined ? {} : { displayName }),
      ...(locale === undefined ? {} : { locale }),
    };
    const verification = ports.mail === undefined ? undefined : { mailId: uuidV7(ports.clock.nowMs()), languages };
    const profile = await ports.users.changeProfile(userId, versionsOf(ifMatch), change, verification);
    return profile === undefined ? problem('version_conflict') : profileAnswer(profile);
  },
);

export const changePasswordRoute = bearerRoute(
  {
    method: 'post',
    path: '/v1/me/password',
    operation: 'change_password',
    summary: 'Set another password and end every other session',
    needsStepUp: true,
    endsSessions: true,
    body: passwordChangeRequest,
    answers: { 204: { description: 'The password has changed.' }, ...limited },
  },
  async ({ body, signal }, { userId, sessionId }, ports) => {
    if (ports.overload.isOverloaded()) return comeBackLater('overloaded', 1);
    const { current_password: currentPassword, new_password: newPassword } = body;
    const outcome = await changePassword({ userId, sessionId, currentPassword, newPassword, signal }, ports);
    switch (outcome.kind) {
      case 'changed':
        return { status: 204 };
      case 'wrongPassword':
        return problem('invalid_request', { errors: [{ pointer: '/current_password', detail: 'is wrong' }] });
      case 'passwordRefused':
        return problem('invalid_request', { errors: [{ pointer: '/new_password', detail: outcome.reason }] });
      case 'limited':
      case 'overloaded':
      case 'abandoned':
        return postponed(outcome);
    }
  },
);

export const deleteMeRoute = bearerRoute(
  {
    method: 'delete',
    path: '/v1/me',
    operation: 'delete_me',
    summary: 'Delete the account and all that belongs to it',
    needsStepUp: true,
    endsSessions: true,
    body: deletionRequest,
    answers: {
      204: { description: 'The account is gone.' },
      409: { description: 'Nobody could change roles afterwards.', schema: problemResponse },
      ...limited,
    },
  },
  async ({ body: { password }, signal }, { userId }, ports) => {
    if (ports.overload.isOverloaded()) return comeBackLater('overloaded', 1);
    const outcome = await deleteAccount({ userId, password, signal }, ports);
    switch (outcome.kind) {
      case 'deleted':
        return { status: 204 };
      case 'neededByService':
        return nobodyInCharge();
      case 'wrongPassword':
        return problem('invalid_request', { errors: [{ pointer: '/password', detail: 'is wrong' }] });
      case 'limited':
      case 'overloaded':
      case 'abandoned':
        return postponed(outcome);
    }
  },
);

export const myPermissionsRoute = bearerRoute(
  {
    method: 'get',
    path: '/v1/me/permissions',
    operation: 'get_my_permissions',
    summary: 'Roles of the account, and permissions by role and direct',
    answers: { 200: { description: 'Names in order.', schema: grantsResponse } },
  },
  async (_, { userId, sessionId }, ports) => ({ status: 200, body: await ports.views.grants(userId, sessionId) }),
);

export const authorizeRoute = holderRoute(
  {
    method: 'post',
    path: '/v1/authorize',
    operation: 'authorize',
    summary: 'Whether the holder of the token may do something',
    body: authorizeRequest,
    isRead: true,
    answers: { 200: { description: 'The decision.', schema: authorizeResponse } },
  },
  async ({ body: { permissions } }, claims, ports) => ({
    status: 200,
    body: { allowed: await holdsAll(claims, permissions, ports) },
  }),
);

function profileAnswer(profile: UserProfile): Answer {
  const body = userBody(profile);
  return { status: 200, body, headers: { etag: etagOf(profile, body) } };
}
