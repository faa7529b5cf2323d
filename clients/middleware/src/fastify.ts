import type { FastifyPluginAsync, onRequestAsyncHookHandler } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { Auth, AuthOptions, ServiceAuth } from './auth.ts';
import { allPermissions, createGuard, oneOfRoles, type Requirement } from './guard.ts';

export type { Auth, AuthOptions, ServiceAuth } from './auth.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is behind the request, after one of the hooks of `auth`. */
    auth: Auth | null;
    /** In place of it, a service, where `acceptServices` lets them in. */
    service: ServiceAuth | null;
  }
  interface FastifyInstance {
    auth: FastifyAuth;
  }
}

/** Each of these hooks sets `request.auth` (or `request.service`), or answers with a problem. */
export interface FastifyAuth {
  authenticate(): onRequestAsyncHookHandler;
  /** Lets in who shows no token, without `request.auth`; a token that is not good is refused. */
  authenticateIfPresented(): onRequestAsyncHookHandler;
  /** One of them must be held: services have none. */
  requireRole(...roles: string[]): onRequestAsyncHookHandler;
  /** All of them must be held, by role or directly: the service is asked. */
  requirePermission(...permissions: string[]): onRequestAsyncHookHandler;
}

const plugin: FastifyPluginAsync<AuthOptions> = async (app, options) => {
  const guard = createGuard(options);

  function hook(requirement: Requirement): onRequestAsyncHookHandler {
    return async (request, reply) => {
      const decision = await guard(request.headers.authorization, requirement);
      if (decision.kind === 'admitted') {
        const { auth, service } = decision.holder ?? {};
        if (auth !== undefined) request.auth = auth;
        if (service !== undefined) request.service = service;
        return;
      }
      const { status, headers, body } = decision.refusal;
      return reply.code(status).headers(headers).send(JSON.stringify(body));
    };
  }

  app.decorateRequest('auth', null);
  app.decorateRequest('service', null);
  app.decorate('auth', {
    authenticate: () => hook({ kind: 'authenticated' }),
    authenticateIfPresented: () => hook({ kind: 'optional' }),
    requireRole: (...roles: string[]) => hook(oneOfRoles(roles)),
    requirePermission: (...permissions: string[]) => hook(allPermissions(permissions)),
  });
};

/**
 * A plugin that decorates the instance with `auth`, whose hooks let a request in by its access token
 * (`Authorization: Bearer`). Nothing is fetched before one comes.
 */
export const fastifyAuth = fastifyPlugin(plugin, { fastify: '5.x', name: '@authcluster/middleware' });
