/** Why an external server cannot be used: a reason of the tier's condition, and a message that names field and fix. */
export interface ExternalProblem {
  reason: ExternalProblemReason;
  message: string;
}

export type ReferencedKind = 'Secret' | 'ConfigMap';

export type ExternalProblemReason =
  | `${ReferencedKind}Missing`
  | `${ReferencedKind}Incomplete`
  | 'HostNotFound'
  | 'Unreachable'
  | 'TlsFailed'
  | 'AuthenticationFailed'
  | 'UsernameReserved'
  | 'PermissionDenied'
  | 'DatabaseMissing'
  | 'NotPrimary'
  | 'NotReplica'
  | 'PositionMissing'
  | 'TooFewConnections'
  | 'TopologyMismatch'
  | 'VersionTooOld'
  | 'ServerNotWhole'
  | 'ServerRefused';

/** What was tried, as the messages name it. */
export interface Attempt {
  /** `db.example.com:5432` */
  address: string;
  /** Fields of the spec. */
  addressField: string;
  tlsField: string;
  loginField: string;
  username: string;
}

/** What kept a connection from coming about, before either protocol was spoken; undefined where it was neither. */
export function connectionProblem(error: unknown, attempt: Attempt): ExternalProblem | undefined {
  const { address, addressField, tlsField } = attempt;
  const { code = '', message } = error as { code?: string; message?: string };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return { reason: 'HostNotFound', message: `${addressField}: ${address} has no address: correct the name` };
  }
  if (isTlsProblem(code, message ?? '')) {
    const fix = 'correct ca or the certificate, or choose another mode';
    return { reason: 'TlsFailed', message: `${tlsField}: ${address}: ${message}: ${fix}` };
  }
  if (UNREACHABLE.has(code) || /timeout|timed out|terminated|Connection is closed/i.test(message ?? '')) {
    const why = message === undefined || message === '' ? code : message;
    const fix = 'is it up, and do firewalls let the operator and the pods of this namespace in?';
    return { reason: 'Unreachable', message: `${addressField}: ${address} does not answer (${why}): ${fix}` };
  }
  return undefined;
}

const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EPIPE']);

/** Codes of OpenSSL's verification and of Node's TLS; `The server does not support SSL connections` is node-postgres's. */
function isTlsProblem(code: string, message: string): boolean {
  return (
    /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|EPROTO)/.test(code) ||
    /does not support SSL|SSL alert|wrong version number|before secure TLS connection/i.test(message)
  );
}
