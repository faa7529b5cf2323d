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
  | 'ClientCertificateRequired'
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
  const { code = '', message = '' } = error as { code?: string; message?: string };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return { reason: 'HostNotFound', message: `${addressField}: ${address} has no address: correct the name` };
  }
  if (wantsCertificate(message)) return certificateProblem(message, attempt);
  if (isTlsProblem(code, message)) {
    return { reason: 'TlsFailed', message: `${tlsField}: ${address}: ${inShort(message)}: ${tlsFix(code, message)}` };
  }
  if (UNREACHABLE.has(code) || /timeout|timed out|terminated|Connection is closed/i.test(message)) {
    const why = message === '' ? code : message;
    const fix = 'is it up, and do firewalls let the operator and the pods of this namespace in?';
    return { reason: 'Unreachable', message: `${addressField}: ${address} does not answer (${why}): ${fix}` };
  }
  return undefined;
}

/** By PostgreSQL (pg_hba.conf: `cert`, `clientcert`), or by whatever speaks TLS in its place (the alert of TLS 1.3). */
export function wantsCertificate(message: string): boolean {
  return /client certificate|certificate required|certificate authentication/i.test(message);
}

export function certificateProblem(message: string, { address, tlsField }: Attempt): ExternalProblem {
  const what = `${address} demands a certificate of its clients (${inShort(message)}), which is not supported`;
  const fix = 'have the server let these logins in by password, over TLS, without one';
  return { reason: 'ClientCertificateRequired', message: `${tlsField}: ${what}: ${fix}` };
}

/** Of `407D03C4EF7F0000:error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:../deps/...` the words. */
function inShort(message: string): string {
  return /SSL routines:[^:]*:([^:]+)/.exec(message)?.[1] ?? message.trim();
}

/** What does not pass verification has a code of its own, and is what is left. */
function tlsFix(code: string, message: string): string {
  if (/does not support SSL|wrong version number|packet length too long/i.test(message)) {
    return 'turn TLS on there, correct the port, or set mode to Disable';
  }
  if (/protocol version|unsupported protocol/i.test(message)) return 'have the server take TLS 1.2 or newer';
  if (/alert handshake failure/i.test(message)) {
    return 'the server takes none of the usual ciphers, or demands a certificate of its clients, of which there is none';
  }
  if (/before secure TLS connection|SSL alert/i.test(message)) return 'the server broke the handshake off: see its log';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return 'name the host as its certificate does, correct the certificate, or set mode to VerifyCA';
  }
  return code === 'CERT_HAS_EXPIRED'
    ? 'renew the certificate of the server, or ca'
    : 'correct ca or the certificate, or choose another mode';
}

const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EPIPE']);

/** Codes of OpenSSL's verification and of Node's TLS; `The server does not support SSL connections` is node-postgres's. */
function isTlsProblem(code: string, message: string): boolean {
  return (
    /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|EPROTO)/.test(code) ||
    /does not support SSL|SSL alert|wrong version number|before secure TLS connection/i.test(message)
  );
}
