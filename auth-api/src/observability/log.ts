import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { loggedError } from './logged-error.ts';
import { traceIds } from './trace-context.ts';

/** Where secrets would stand if somebody logged a request or an answer whole. */
const secretPaths = [
  ...['password', 'current_password', 'new_password', 'password_hash', 'client_secret', 'client_assertion', 'secret'],
  ...['access_token', 'refresh_token', 'mfa_token', 'password_change_token', 'token', 'authorization', 'cookie'],
  ...['recovery_codes', 'otpauth_uri', 'qr_code_svg'],
]
  .flatMap((key) => [key, `*.${key}`, `*.*.${key}`])
  // A name that is no word is written otherwise.
  .concat(['', '*', '*.*'].map((above) => `${above}["set-cookie"]`));

/** One JSON object a line; times in RFC 3339; with the ids of the trace where there is one. */
export function createLog(level: string, destination: DestinationStream = pino.destination(1)): Logger {
  const options = {
    level,
    base: null,
    messageKey: 'message',
    errorKey: 'error',
    serializers: { error: loggedError },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secretPaths, censor: '[redacted]' },
    mixin: traceIds,
  };
  return pino(options, destination);
}
