import type { GatewaySpec } from '../api/generated/authcluster.ts';
import { isRetryable } from '../kubernetes/errors.ts';
import { type Condition, controllerOf, type LiveObject } from '../kubernetes/objects.ts';
import type { Reference } from '../specs/auth-api/references.ts';
import type { Reason } from '../status/reasons.ts';

type IssuerRef = NonNullable<NonNullable<GatewaySpec['tls']>['issuerRef']>;

/** Retrying does not help: somebody has to change something first. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

/** A generated Secret, made or changed by somebody else, lacks a value. */
export class SecretIncomplete extends TerminalError {
  readonly reason: Reason = 'SecretIncomplete';

  constructor(secret: string, key: string) {
    super(`Secret ${secret} has no value for key "${key}": add it`);
  }
}

/** Something that the spec refers to, and that somebody else must make, is not there or not complete. */
export class ReferenceMissing extends TerminalError {
  readonly reason: Extract<Reason, `${Reference['kind']}${'Missing' | 'Incomplete'}`>;

  /** `missing`: the object itself, or these of its keys; none of them means that it has no key at all. */
  constructor({ kind, name, keys }: Reference, namespace: string, missing: 'object' | readonly string[]) {
    const needed = keys.length === 0 ? 'at least one key' : `a value for ${quoted(keys)}`;
    super(
      missing === 'object'
        ? `there is no ${kind} ${name} in namespace ${namespace}: create it, with ${needed}`
        : `${kind} ${name} has ${missing.length === 0 ? 'no key' : `no value for ${quoted(missing)}`}: add it`,
    );
    this.reason = `${kind}${missing === 'object' ? 'Missing' : 'Incomplete'}`;
  }
}

/** A value that somebody else has put into a Secret is not what is needed there. */
export class ReferenceMalformed extends TerminalError {
  readonly reason: Reason = 'SecretMalformed';

  /** `needed` says what it must be. */
  constructor(secret: string, key: string, needed: string) {
    super(`Secret ${secret}: the value for "${key}" must be ${needed}`);
  }
}

function quoted(keys: readonly string[]): string {
  return keys.map((key) => `"${key}"`).join(' and ');
}

/** An object is wanted of a kind that this Kubernetes cluster does not have. */
export class ExtensionMissing extends TerminalError {
  readonly reason: Reason = 'ExtensionMissing';

  constructor(extension: string) {
    super(`${extension} is not installed in this cluster: install it, or change what asks for it`);
  }
}

/** Somebody else's object has a name that an AuthCluster needs: it would be changed, and deleted with the AuthCluster. */
export class NameTaken extends TerminalError {
  readonly reason: Reason = 'NameTaken';

  constructor(found: LiveObject) {
    const { kind, metadata } = found;
    const owner = controllerOf(found);
    const whose = owner === undefined ? 'not of this AuthCluster' : `of ${owner.kind} ${owner.name}`;
    super(
      `${kind} ${metadata.name} is there already in namespace ${metadata.namespace}, and ${whose}: rename or remove it, ` +
        'or give the AuthCluster another name',
    );
  }
}

/** A Gateway does not lead anybody to the gateway of an AuthCluster. */
export class RouteRefused extends TerminalError {
  readonly reason: Reason = 'RouteRefused';

  constructor(by: string, { type, reason, message }: Pick<Condition, 'type' | 'reason' | 'message'>) {
    const words = message ? `: ${message}` : '';
    super(`Gateway ${by} says that ${type} is False (${reason})${words}. Next: change its listener, or gateway.expose`);
  }
}

/** cert-manager has no certificate for the gateway. */
export class CertificateNotIssued extends TerminalError {
  readonly reason: Reason = 'CertificateNotIssued';

  constructor(certificate: string, issuer: IssuerRef, { reason, message }: Pick<Condition, 'reason' | 'message'>) {
    super(
      `Certificate ${certificate} is not issued: ${message} (${reason}). Next: see that ${issuer.kind} ${issuer.name} is there ` +
        `and ready, and what kubectl describe certificaterequest says`,
    );
  }
}

/** The API server refuses to have a volume grow: its storage class, or a quota. */
export class StorageNotExpandable extends Error {
  override readonly name = 'StorageNotExpandable';
  readonly reason: Reason = 'StorageNotExpandable';

  constructor(claim: string, size: string, { message }: Error) {
    super(
      `volume claim ${claim} cannot grow to ${size}: ${message}. Where its storage class has no allowVolumeExpansion: ` +
        'set that, if its driver can, or set postgres.storage.size back',
    );
  }
}

/** Several independent steps failed; each was given its chance. */
export class StepErrors extends AggregateError {
  override readonly name = 'StepErrors';
  /** When the steps that did not fail want to be looked at again, whatever becomes of the failed ones. */
  readonly requeueAfterMs: number | undefined;

  constructor(errors: readonly { step: string; error: unknown }[], requeueAfterMs?: number) {
    const messages = errors.map(({ step, error }) => `${step}: ${messageOf(error)}`);
    super(
      errors.map(({ error }) => error),
      messages.join('; '),
    );
    this.requeueAfterMs = requeueAfterMs;
  }
}

/** Whether no part of the failure can pass by itself. */
export function isTerminal(error: unknown): boolean {
  if (error instanceof TerminalError) return true;
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isTerminal);
  return !isRetryable(error);
}

/** Whether part of the failure is a mistake of this program, and not of what it works with. */
export function isPanic(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isPanic);
  return [TypeError, ReferenceError, RangeError].some((kind) => error instanceof kind);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
