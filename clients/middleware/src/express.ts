import type { RequestHandler } from 'express';
import type { Auth, AuthOptions, ServiceAuth } from './auth.ts';
import { allPermissions, createGuard, oneOfRoles, type Requirement } from './guard.ts';

export type { Auth, AuthOptions, ServiceAuth } from './auth.ts';

declare global {
  namespace Express {
    interface Request {
      /** Who is behind the request, after one of the handlers of `expressAuth`. */
      auth?: Auth;
      /** In place of it, a service, where `acceptServices` lets them in. */
      service?: ServiceAuth;
    }
  }
}

/** Each of these handlers sets `request.auth` (or `request.service`), or answers with a problem. */
export interface ExpressAuth {
  authenticate(): RequestHandler;
  /** Lets in who shows no token, without `request.auth`; a token that is not good is refused. */
  authenticateIfPresented(): RequestHandler;
  /** One of them must be held: services have none. */
  requireRole(...roles: string[]): RequestHandler;
  /** All of them must be held, by role or directly: the service is asked. */
  requirePermission(...permissions: string[]): RequestHandler;
}

/** Handlers that let a request in by its access token (`Authorization: Bearer`). Nothing is fetched before one comes. */
export function expressAuth(options: AuthOptions): ExpressAuth {
  const guard = createGuard(options);

  function handler(requirement: Requirement): RequestHandler {
    return async (request, response, next) => {
      const decision = await guard(request.headers.authorization, requirement);
      if (decision.kind === 'refused') {
        const { status, headers, body } = decision.refusal;
        response.status(status).set(headers).end(JSON.stringify(body));
        return;
      }
      const { auth, service } = decision.holder ?? {};
      if (auth !== undefined) request.auth = auth;
      if (service !== undefined) request.service = service;
      next();
    };
  }

  return {
    authenticate: () => handler({ kind: 'authenticated' }),
    authenticateIfPresented: () => handler({ kind: 'optional' }),
    requireRole: (...roles) => handler(oneOfRoles(roles)),
    requirePermission: (...permissions) => handler(allPermissions(permissions)),
  };
}
