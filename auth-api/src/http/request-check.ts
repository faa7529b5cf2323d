import type { Request } from 'express';
import type { z } from 'zod';
import { type Answer, type Fault, problem } from './problem.ts';
import type { Route } from './route.ts';
import { isText } from './text.ts';

export type CheckedRequest =
  | { readonly kind: 'valid'; readonly body: unknown; readonly query: unknown }
  | { readonly kind: 'refused'; readonly answer: Answer };

/** Holds a request to its route's description. */
export function checkRequest(description: Route['description'], request: Request): CheckedRequest {
  const { parameters = {}, ifMatch } = description;
  for (const [name, schema] of Object.entries(parameters)) {
    // What cannot be an id of ours names nothing.
    if (!schema.safeParse(request.params[name]).success) return refused(problem('not_found'));
  }
  if (ifMatch === 'needed' && request.get('if-match') === undefined) return refused(problem('precondition_required'));
  if (description.takesIdempotencyKey === true && !isIdempotencyKey(request.get('idempotency-key'))) {
    return refused(
      problem('malformed_request', { detail: 'Idempotency-Key must have 1 to 255 visible characters of ASCII' }),
    );
  }
  const query = description.query?.safeParse(request.query);
  if (query?.success === false) return refused(invalid(query.error));
  const body = description.body?.safeParse(request.body === undefined ? {} : request.body);
  if (body?.success === false) return refused(invalid(body.error));
  const errors = [query && request.query, body && request.body].flatMap((value) => textFaults(value));
  if (errors.length > 0) return refused(problem('invalid_request', { errors }));
  return { kind: 'valid', body: body?.data, query: query?.data };
}

function isIdempotencyKey(key: string | undefined): boolean {
  return key === undefined || /^[\x21-\x7e]{1,255}$/.test(key);
}

function refused(answer: Answer): CheckedRequest {
  return { kind: 'refused', answer };
}

function invalid(error: z.ZodError): Answer {
  return problem('invalid_request', { errors: error.issues.flatMap(faultsOf) });
}

/** One fault per unknown field, so that each has its own pointer. */
export function faultsOf(issue: z.core.$ZodIssue): Fault[] {
  const pointer = issue.path.map((part) => `/${escapePointer(String(part))}`).join('');
  if (issue.code !== 'unrecognized_keys') return [{ pointer, detail: issue.message }];
  return issue.keys.map((key) => ({ pointer: `${pointer}/${escapePointer(key)}`, detail: 'is not known' }));
}

/** Of a value that its schema has accepted, which bounds its depth. */
function textFaults(value: unknown, pointer = ''): Fault[] {
  if (typeof value === 'string') return isText(value) ? [] : [{ pointer, detail: 'must be text, without NUL' }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => textFaults(inner, `${pointer}/${escapePointer(name)}`));
}

/** RFC 6901 section 3. */
function escapePointer(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}
