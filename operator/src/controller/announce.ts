import type { AuthClusterStatus } from '../api/generated/authcluster.ts';
import { CREDENTIAL_STAGES } from '../credentials/rotation.ts';
import type { EventNote } from '../kubernetes/events.ts';
import { ROTATING } from '../status/conditions.ts';
import type { Failure } from '../status/observed.ts';

type Switchover = NonNullable<NonNullable<AuthClusterStatus['postgres']>['lastSwitchover']>;

/** Events of what goes well or changes, with when they come. A failed step has the reason that its condition has. */
export const EVENTS = {
  Ready: 'The AuthCluster became Ready.',
  NotReady: 'It was Ready and is not any more; the note says why.',
  PrimaryChanged: 'Another database pod is the primary now.',
  SwitchedOver: 'The primary was moved, or restarted, behind paused poolers; the note says for how long writes waited.',
  SwitchoverGivenUp: 'That was given up, and nothing changed; the note says why it was to be.',
  SwitchoverLate: 'That took longer than poolers hold writes back; some may have failed.',
  TrafficMoved: 'The traffic of the auth API went to the other colour.',
  RolledBack: 'It went back by itself; the note says why.',
  SigningKeysPublishing: 'The rotation of the signing key has begun: the new key is published.',
  SigningKeysDistributing: 'The new key is on its way to whoever checks tokens.',
  SigningKeysActivating: 'The new key begins to sign.',
  SigningKeysRetiring: 'The former key signs no more and stays published until its last token has expired.',
  SigningKeysSettled: 'The rotation is done.',
  CredentialsAdding: 'The rotation of generated credentials has begun: servers are made to take the new ones.',
  CredentialsMoving: 'The new credentials are used, and the former are still taken.',
  CredentialsRemoving: 'The former credentials are taken no more.',
  CredentialsSettled: 'The rotation of the credentials is done.',
} as const;

type AnnouncedReason = keyof typeof EVENTS;

/** What of a change of status a person would want to find among the events afterwards. */
export function announcements(before: AuthClusterStatus | undefined, after: AuthClusterStatus): EventNote[] {
  const notes: EventNote[] = [];
  const was = condition(before, 'Ready');
  const is = condition(after, 'Ready');
  if (is?.status === 'True' && was?.status !== 'True') notes.push(normal('Ready', 'Observe', is.message));
  // Not on the way up: an AuthCluster that is being made is not yet ready, which is no news.
  if (is !== undefined && is.status !== 'True' && was?.status === 'True') {
    notes.push(warning('NotReady', 'Observe', `${is.reason}: ${is.message}`));
  }
  const primaryWas = before?.postgres?.primary;
  const primaryIs = after.postgres?.primary;
  if (primaryWas !== undefined && primaryIs !== undefined && primaryWas !== primaryIs) {
    notes.push(normal('PrimaryChanged', 'Observe', `${primaryIs} is the primary now, after ${primaryWas}`));
  }
  const move = after.postgres?.lastSwitchover;
  if (move !== undefined && move.time !== before?.postgres?.lastSwitchover?.time) notes.push(moveNote(move));
  const colorWas = before?.api?.activeColor;
  const colorIs = after.api?.activeColor;
  if (colorWas !== undefined && colorIs !== undefined && colorWas !== colorIs) {
    notes.push(normal('TrafficMoved', 'Rollout', `the auth API's traffic goes to ${colorIs} now, after ${colorWas}`));
  }
  const rollout = after.api?.rollout;
  if (rollout?.phase === 'RolledBack' && before?.api?.rollout?.phase !== 'RolledBack') {
    notes.push(warning('RolledBack', 'Rollout', rollout.message ?? ''));
  }
  const stage = after.signingKeys?.stage;
  if (before?.signingKeys?.stage !== undefined && stage !== undefined && before.signingKeys.stage !== stage) {
    notes.push(normal(`SigningKeys${stage}`, 'RotateKey', after.signingKeys?.message ?? ''));
  }
  const rotationWas = condition(before, ROTATING)?.reason;
  const rotation = condition(after, ROTATING);
  const rotationStage = CREDENTIAL_STAGES.find((each) => each === rotation?.reason);
  if (rotationWas !== undefined && rotationStage !== undefined && rotationStage !== rotationWas) {
    notes.push(normal(`Credentials${rotationStage}`, 'RotateCredentials', rotation?.message ?? ''));
  }
  return notes;
}

function moveNote(move: Switchover): EventNote {
  const { from, to, reason, outcome } = move;
  const pause = `writes waited for ${(move.pauseMilliseconds / 1000).toFixed(1)} s`;
  const what = from === to ? `restarting primary ${from}` : `switching over from ${from} to ${to}`;
  if (outcome === 'Moved') return normal('SwitchedOver', 'Move', `${what} (${reason}) is done: ${pause}`);
  const note = `${what} (${reason}) ${outcome === 'Late' ? 'took too long' : 'was given up'}: ${pause}`;
  return { type: 'Warning', reason: `Switchover${outcome}`, action: 'Move', note };
}

/** A failed step, under the reason that status gives for it. */
export function failureNote({ reason, message }: Failure): EventNote {
  return { type: 'Warning', reason: reason ?? 'StepFailed', action: 'Reconcile', note: message };
}

function normal(reason: AnnouncedReason, action: string, note: string): EventNote {
  return { type: 'Normal', reason, action, note };
}

function warning(reason: AnnouncedReason, action: string, note: string): EventNote {
  return { type: 'Warning', reason, action, note };
}

function condition(status: AuthClusterStatus | undefined, type: string) {
  return status?.conditions?.find((each) => each.type === type);
}
