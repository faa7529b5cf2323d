interface ErrorLike {
  readonly message: string;
  readonly stack?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
  /** Where ioredis has the cause when no node of a cluster would have it. */
  readonly lastNodeError?: unknown;
  /** Of an AggregateError, such as one for each address of a host. */
  readonly errors?: unknown;
}

/** Causes have causes, and may go in a circle. */
const deepestCause = 5;

/**
 * What the log says of an error, and no more. Clients hang on theirs what a log must not hold: ioredis the command with its
 * arguments, which are the password or what was to be cached, PostgreSQL's the row that a constraint refused, SMTP's
 * addresses.
 */
export function loggedError(error: unknown, depth = 0): unknown {
  if (!isErrorLike(error)) return String(error);
  const { message, stack, code, errors } = error;
  const cause = error.cause ?? error.lastNodeError;
  const isDeeper = depth < deepestCause;
  return {
    type: error.constructor.name,
    message,
    stack,
    code,
    ...(isDeeper && isErrorLike(cause) ? { cause: loggedError(cause, depth + 1) } : {}),
    ...(isDeeper && Array.isArray(errors) ? { errors: errors.map((each) => loggedError(each, depth + 1)) } : {}),
  };
}

function isErrorLike(thing: unknown): thing is ErrorLike {
  return typeof thing === 'object' && thing !== null && 'message' in thing && typeof thing.message === 'string';
}
