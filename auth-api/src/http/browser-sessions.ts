import type { SessionStore } from '../domain/ports/sessions.ts';
import type { RefreshTokens } from '../domain/ports/tokens.ts';
import type { IssuedTokens, TokenLifetimes } from '../domain/tokens.ts';
import { type Answer, problem } from './problem.ts';
import { forgettingCookie, keepingCookie } from './refresh-cookie.ts';
import { type TokenDelivery, tokenBody } from './schemas.ts';

/** What a request says of the page that sent it. Pages cannot write these headers, and whoever can is in no browser. */
export interface BrowserRequest {
  readonly origin: string | undefined;
  /** Sec-Fetch-Site. */
  readonly fetchSite: string | undefined;
  readonly refreshCookie: string | undefined;
}

export interface BrowserPorts {
  /** Of pages that may have cookies; none: nobody may. */
  readonly browserOrigins: ReadonlySet<string>;
}

/**
 * A browser sends cookies whoever makes it ask: they are given to, and taken from, pages of allowed origins alone, and what
 * does not say where it comes from is no such page. Undefined where it is one.
 */
function crossSiteRefusal({ origin, fetchSite }: BrowserRequest, { browserOrigins }: BrowserPorts): Answer | undefined {
  if (origin === undefined || !browserOrigins.has(origin)) {
    return problem('cross_site_request', { detail: 'the Origin header must name an origin that this service allows' });
  }
  // Browsers from before 2023 do not send it.
  if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'same-site') {
    return problem('cross_site_request', { detail: 'the page must be of the same site as this service' });
  }
  return undefined;
}

/** Why a refresh token cannot be delivered as somebody asks who logs in; undefined where it can. */
export function deliveryRefusal(
  delivery: TokenDelivery,
  browser: BrowserRequest,
  ports: BrowserPorts,
): Answer | undefined {
  if (delivery === 'body') return undefined;
  if (ports.browserOrigins.size > 0) return crossSiteRefusal(browser, ports);
  return problem('invalid_request', {
    errors: [{ pointer: '/refresh_token_delivery', detail: 'must be body: this service allows no origins' }],
  });
}

export type PresentedToken =
  | { readonly kind: 'presented'; readonly token: string | undefined; readonly delivery: TokenDelivery }
  | { readonly kind: 'refused'; readonly answer: Answer };

/** The refresh token of the body, else of the cookie: its successor goes the same way. */
export function presentedRefreshToken(
  inBody: string | undefined,
  browser: BrowserRequest,
  ports: BrowserPorts,
): PresentedToken {
  if (inBody !== undefined) return { kind: 'presented', token: inBody, delivery: 'body' };
  const answer =
    ports.browserOrigins.size === 0
      ? problem('invalid_request', { errors: [{ pointer: '/refresh_token', detail: 'is needed' }] })
      : crossSiteRefusal(browser, ports);
  if (answer !== undefined) return { kind: 'refused', answer };
  return { kind: 'presented', token: browser.refreshCookie, delivery: 'cookie' };
}

/** RFC 6749 section 5.1, save that a cookie takes the refresh token out of the body. */
export function tokenAnswer(
  tokens: IssuedTokens,
  delivery: TokenDelivery,
  { refreshSeconds }: Pick<TokenLifetimes, 'refreshSeconds'>,
): Answer {
  if (delivery === 'body') return { status: 200, body: tokenBody(tokens) };
  const { refresh_token: _, ...body } = tokenBody(tokens);
  return { status: 200, body, headers: { 'set-cookie': keepingCookie(tokens.refreshToken, refreshSeconds) } };
}

/** Has the browser forget its cookie. */
export function withoutCookie(answer: Answer): Answer {
  return { ...answer, headers: { ...answer.headers, 'set-cookie': forgettingCookie } };
}

/** For what may have ended sessions: has the browser forget a cookie whose session is over. */
export async function withoutDeadCookie(
  answer: Answer,
  { refreshCookie }: BrowserRequest,
  ports: BrowserPorts & {
    readonly sessions: Pick<SessionStore, 'findRefreshToken'>;
    readonly refreshTokens: Pick<RefreshTokens, 'hash'>;
  },
): Promise<Answer> {
  if (answer.status >= 400 || refreshCookie === undefined || ports.browserOrigins.size === 0) return answer;
  const isDead = await ports.sessions.findRefreshToken(ports.refreshTokens.hash(refreshCookie)).then(
    (state) => state?.isSessionLive !== true,
    // What was asked for is done, and a dead cookie that stays opens nothing.
    () => false,
  );
  return isDead ? withoutCookie(answer) : answer;
}
