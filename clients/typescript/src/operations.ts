import type { paths } from './generated/openapi.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What people and administrators call. `/oauth` is for services, with credentials of their own. */
type ApiPath = Extract<keyof paths, `/v1/${string}`>;

export type PathOf<M extends Method> = {
  [P in ApiPath]: paths[P] extends Readonly<Record<Lowercase<M>, { responses: unknown }>> ? P : never;
}[ApiPath];

export type OperationOf<M extends Method, P extends PathOf<M>> = paths[P][Lowercase<M> & keyof paths[P]];

type Parameters<Operation> = Operation extends { readonly parameters: infer Declared } ? Declared : unknown;

type PathParameters<Operation> =
  Parameters<Operation> extends { readonly path: infer Values } ? { readonly path: Values } : { readonly path?: never };

type QueryParameters<Operation> =
  Parameters<Operation> extends { readonly query: infer Values }
    ? { readonly query: Values }
    : Parameters<Operation> extends { readonly query?: infer Values }
      ? { readonly query?: Values }
      : { readonly query?: never };

type AnyHeaders = Readonly<Record<string, string>>;

type HeaderParameters<Operation> =
  Parameters<Operation> extends { readonly header: infer Values }
    ? { readonly headers: Values & AnyHeaders }
    : { readonly headers?: AnyHeaders };

/** JSON goes as the value that it is; anything else as fetch takes it, with its `content-type` among the headers. */
type RequestBody<Operation> = Operation extends { readonly requestBody: { readonly content: infer Content } }
  ? { readonly body: Content extends { readonly 'application/json': infer Body } ? Body : RequestInit['body'] }
  : { readonly body?: never };

export interface CallOptions {
  /** Gives the call up. */
  readonly signal?: AbortSignal;
  /** For this call, in place of the client's. */
  readonly timeoutMs?: number;
}

export type RequestOptions<Operation> = PathParameters<Operation> &
  QueryParameters<Operation> &
  HeaderParameters<Operation> &
  RequestBody<Operation> &
  CallOptions;

/** The options may be left out where nothing among them is needed. */
export type RequestArguments<Operation> =
  Record<never, never> extends RequestOptions<Operation>
    ? [options?: RequestOptions<Operation>]
    : [options: RequestOptions<Operation>];

type BodyOf<Answer> = Answer extends { readonly content: { readonly 'application/json': infer Body } }
  ? Body
  : Answer extends { readonly content: Readonly<Record<string, unknown>> }
    ? ReadableStream<Uint8Array>
    : undefined;

type SuccessBody<Operation> = Operation extends { readonly responses: infer Responses }
  ? { [Status in keyof Responses & (200 | 201 | 202 | 204)]: BodyOf<Responses[Status]> }[keyof Responses &
      (200 | 201 | 202 | 204)]
  : never;

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export type AnswerOf<Operation> = Answer<SuccessBody<Operation>>;
