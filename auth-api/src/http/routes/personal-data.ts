import { z } from 'zod';
import type { AuditEvent } from '../../domain/audit.ts';
import { holdsAll } from '../../domain/permissions.ts';
import { eventsOf, type PersonalData } from '../../domain/personal-data.ts';
import { recordBefore } from '../audited.ts';
import { type Answer, problem } from '../problem.ts';
import { type ApiPorts, bearerRoute, type Route, type RouteRequest } from '../route.ts';
import { userResponse } from '../schemas.ts';
import { eventBody, eventResponse } from './admin/audit.ts';

const time = z.iso.datetime();
const grant = z.object({ name: z.string(), granted_at: time, granted_by: z.uuid().nullable() });
const personalData = z
  .object({
    exported_at: time,
    account: userResponse.omit({ roles: true }).extend({
      status: z.enum(['active', 'disabled']),
      external_id: z.string().nullable(),
      password_change_required: z.boolean(),
      password_changed_at: time,
      last_login_at: time.nullable(),
    }),
    roles: z.array(grant),
    permissions: z.array(grant).describe('Those that were granted directly.'),
    sessions: z.array(
      z.object({
        id: z.uuid(),
        created_at: time,
        last_used_at: time,
        expires_at: time,
        ended_at: time.nullable(),
        end_reason: z.string().nullable(),
        client_address: z.string().nullable(),
        user_agent: z.string().nullable(),
        has_second_factor: z.boolean(),
      }),
    ),
    second_factor: z
      .object({ is_enabled: z.boolean(), since: time, recovery_codes_left: z.int() })
      .nullable()
      .describe('That there is one: the secret is never shown again.'),
    waiting_mails: z.array(z.object({ template: z.string(), to: z.string().nullable(), since: time })),
    mailed_links: z.array(z.object({ purpose: z.string(), to: z.string(), expires_at: time })),
    audit_events: z
      .array(eventResponse)
      .describe(
        'About the person, the youngest first, then what they did to others. Not from where somebody else did it.',
      ),
  })
  .meta({ id: 'PersonalData' });

const answers = { 200: { description: 'One document, without any secret or hash.', schema: personalData } };

const getPersonalData = bearerRoute(
  {
    method: 'get',
    path: '/v1/admin/users/{id}/personal-data',
    operation: 'get_personal_data',
    summary: 'All that is kept about one person, with `authcluster.audit.read`, too',
    parameters: { id: z.uuid() },
    permission: 'authcluster.users.read',
    needsStepUp: true,
    // An act that is in the audit log: it takes somebody's data out of the service.
    isRead: false,
    answers,
  },
  async (request, claims, ports) => {
    // The audit log is in it.
    if (!(await holdsAll(claims, ['authcluster.audit.read'], ports))) return problem('forbidden');
    return personalDataAnswer(request.parameter('id'), request, ports);
  },
);

const getMyPersonalData = bearerRoute(
  {
    method: 'get',
    path: '/v1/me/personal-data',
    operation: 'get_my_personal_data',
    summary: 'All that is kept about who asks',
    needsStepUp: true,
    isRead: false,
    answers,
  },
  (request, { userId }, ports) => personalDataAnswer(userId, request, ports),
);

async function personalDataAnswer(
  userId: string,
  { event }: Pick<RouteRequest<unknown, unknown>, 'event'>,
  ports: ApiPorts,
): Promise<Answer> {
  const exportedAt = new Date(ports.clock.nowMs());
  const data = await ports.personalData.find(userId);
  if (data === undefined) return problem('not_found');
  await recordBefore(event, ports);
  const events = eventsOf(userId, ports.audit, exportedAt);
  // What fails before the answer begins can still be told.
  const first = await events.next();
  const pages = (async function* () {
    if (first.done !== true) yield first.value;
    yield* events;
  })();
  const headers = { 'content-type': 'application/json' };
  return { status: 200, headers, stream: documentOf(bodyOf(data, exportedAt), pages) };
}

/** Events come page by page: there may be any number of them. */
async function* documentOf(body: object, pages: AsyncIterable<readonly AuditEvent[]>): AsyncGenerator<string> {
  yield `${JSON.stringify(body).slice(0, -1)},"audit_events":[`;
  let separator = '';
  for await (const events of pages) {
    if (events.length === 0) continue;
    yield separator + events.map((event) => JSON.stringify(eventBody(event))).join(',');
    separator = ',';
  }
  yield ']}';
}

function bodyOf(data: PersonalData, exportedAt: Date): Omit<z.output<typeof personalData>, 'audit_events'> {
  const { account, secondFactor } = data;
  const grantBody = ({ name, grantedAt, grantedBy }: PersonalData['roles'][number]) => ({
    name,
    granted_at: grantedAt.toISOString(),
    granted_by: grantedBy,
  });
  return {
    exported_at: exportedAt.toISOString(),
    account: accountBody(account),
    roles: data.roles.map(grantBody),
    permissions: data.permissions.map(grantBody),
    sessions: data.sessions.map(sessionBody),
    second_factor:
      secondFactor === undefined
        ? null
        : {
            is_enabled: secondFactor.isEnabled,
            since: secondFactor.since.toISOString(),
            recovery_codes_left: secondFactor.recoveryCodesLeft,
          },
    waiting_mails: data.waitingMails.map(({ since, ...mail }) => ({ ...mail, since: since.toISOString() })),
    mailed_links: data.mailedLinks.map(({ expiresAt, ...link }) => ({ ...link, expires_at: expiresAt.toISOString() })),
  };
}

function accountBody(account: PersonalData['account']): z.output<typeof personalData>['account'] {
  return {
    id: account.id,
    username: account.username,
    email: account.email,
    email_verified: account.isEmailVerified,
    display_name: account.displayName,
    locale: account.locale,
    status: account.status,
    external_id: account.externalId,
    password_change_required: account.isPasswordChangeRequired,
    created_at: account.createdAt.toISOString(),
    updated_at: account.updatedAt.toISOString(),
    password_changed_at: account.passwordChangedAt.toISOString(),
    last_login_at: account.lastLoginAt?.toISOString() ?? null,
  };
}

function sessionBody(session: PersonalData['sessions'][number]) {
  return {
    id: session.id,
    created_at: session.createdAt.toISOString(),
    last_used_at: session.lastUsedAt.toISOString(),
    expires_at: session.expiresAt.toISOString(),
    ended_at: session.endedAt?.toISOString() ?? null,
    end_reason: session.endReason,
    client_address: session.clientAddress,
    user_agent: session.userAgent,
    has_second_factor: session.hasSecondFactor,
  };
}

export const personalDataRoutes: readonly Route[] = [getPersonalData, getMyPersonalData];
