import {
  type Attempt,
  certificateProblem,
  connectionProblem,
  type ExternalProblem,
  wantsCertificate,
} from './problem.ts';

const FIELD = 'spec.postgres.external';

/** By SQLSTATE (PostgreSQL, appendix A), else by what kept the connection from coming about. */
export function postgresProblem(error: unknown, attempt: Attempt, database: string): ExternalProblem {
  const { address, addressField, loginField, username } = attempt;
  const { code, message } = error as { code?: string; message: string };
  if (wantsCertificate(message)) return certificateProblem(message, attempt);
  switch (code) {
    case '28P01':
      return refusedLogin(message, attempt, 'correct user name or password in the Secret, or on the server');
    case '28000':
      return unauthorized(message, attempt);
    case '3D000': {
      const fix = `create database "${database}", or correct the name`;
      return {
        reason: 'DatabaseMissing',
        message: `${FIELD}.database: ${address} has no database ${database}: ${fix}`,
      };
    }
    case '42501': {
      const fix = `grant connect on database "${database}" to "${username}"`;
      return { reason: 'PermissionDenied', message: `${loginField}: ${message}: ${fix}` };
    }
    case '53300': {
      const fix = `lower ${FIELD}.maxConnections, or raise max_connections`;
      return { reason: 'TooFewConnections', message: `${address} has no connection left (${message}): ${fix}` };
    }
    case '57P03':
      return { reason: 'Unreachable', message: `${address} is starting or recovering (${message}): wait` };
    default:
      if (message === ANSWER_TO_TLS_UNKNOWN) return noPostgres(address, addressField);
      return connectionProblem(error, attempt) ?? { reason: 'ServerRefused', message: `${address}: ${message}` };
  }
}

/** The driver's words for an answer that is neither yes nor no. */
const ANSWER_TO_TLS_UNKNOWN = 'There was an error establishing an SSL connection';

function noPostgres(address: string, addressField: string): ExternalProblem {
  const what = `${address} gives no answer of PostgreSQL to the request for TLS`;
  const fix = 'correct host and port; where they are right, see the log of the server';
  return { reason: 'ServerRefused', message: `${addressField}: ${what}: ${fix}` };
}

/** Who may log in from where, and how, is refused with one code (pg_hba.conf). */
function unauthorized(message: string, attempt: Attempt): ExternalProblem {
  const { address, tlsField } = attempt;
  if (/no encryption|SSL off/i.test(message)) {
    const fix = 'choose a mode other than Disable';
    return { reason: 'TlsFailed', message: `${tlsField}: ${address} takes no connection without TLS: ${fix}` };
  }
  const isByRule = /pg_hba\.conf/.test(message);
  const fix = isByRule
    ? 'have its pg_hba.conf let this role in from where the operator and the pods of this namespace are'
    : 'correct user name or password in the Secret, or what the server asks of this role (pg_hba.conf)';
  return refusedLogin(message, attempt, fix);
}

function refusedLogin(message: string, { address, loginField, username }: Attempt, fix: string): ExternalProblem {
  return {
    reason: 'AuthenticationFailed',
    message: `${loginField}: ${address} refuses ${username} (${message}): ${fix}`,
  };
}
