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

/** One thing to tell of a change of status; undefined where that has not changed. */
type Announcement = (before: AuthClusterStatus | undefined, after: AuthClusterStatus) => EventNote | undefined;

const ANNOUNCEMENTS: readonly Announcement[] = [
  ofReadiness,
  ofPrimary,
  ofMove,
  ofTraffic,
  ofRollBack,
  ofSigningKeys,
  ofCredentials,
];

/** What of a change of status a person would want to find among the events afterwards. */
export function announcements(before: AuthClusterStatus | undefined, after: AuthClusterStatus): EventNote[] {
  return ANNOUNCEMENTS.flatMap((announcement) => announcement(before, after) ?? []);
}

function ofReadiness(before: AuthClusterStatus | undefined, after: AuthClusterStatus): EventNote | undefined {
  const wasReady = condition(before, 'Ready')?.status === 'True';
  const is = condition(after, 'Ready');
  if (is === undefined || wasReady === (is.status === 'True')) return undefined;
  // So nothing is told on the way up: an AuthCluster that is being made is not yet ready, which is no news.
  return wasReady
    ? warning('NotReady', 'Observe', `${is.reason}: ${is.message}`)
    : normal('Ready', 'Observe', is.message);
}

function ofPrimary(before: AuthClusterStatus | undefined, after: AuthClusterStatus): EventNote | undefined {
  const was = before?.postgres?.primary;
  const is = after.postgres?.primary;
  if (was === undefined || is === undefined || was === is) return undefined;
  return normal('PrimaryChanged', 'Observe', `${is} is the primary now, after ${was}`);
}

function ofMove(before: AuthClusterStatus | undefined, after: AuthClusterStatus): EventNote | undefined {
  const move = after.postgres?.lastSwitchover;
  return move === undefined || move.time === before?.postgres?.lastSwitchover?.time ? undefined : moveNote(move);
}

function ofTraffic(before: AuthClusterStatus | undefined, after: AuthClusterStatus): EventNote | undefined {
  const was = before?.api?.activeColor;
  const is = after.api?.activeColor;
  if (was === undefined || is === undefined || was === is) return undefined;
  return normal('TrafficMoved', 'Rollout', `the auth API's traffic goes to ${is} now, after ${was}`);
}

function ofRollBack(before: AuthClusterStatus | undefined, after: AuthClusterStatus): EventNote | undefined {
  const rollout = after.api?.rollout;
  if (rollout?.phase !== 'RolledBack' || before?.api?.rollout?.phase === 'RolledBack') return undefined;
  return warning('RolledBack', 'Rollout', rollout.message ?? '');
}

function ofSigningKeys(before: AuthClusterStatus | undefined, after: AuthClusterStatus): EventNote | undefined {
  const was = before?.signingKeys?.stage;
  const is = after.signingKeys?.stage;
  if (was === undefined || is === undefined || was === is) return undefined;
  return normal(`SigningKeys${is}`, 'RotateKey', after.signingKeys?.message ?? '');
}

function ofCredentials(before: AuthClusterStatus | undefined, after: AuthClusterStatus): EventNote | undefined {
  const was = condition(before, ROTATING)?.reason;
  const rotation = condition(after, ROTATING);
  const is = CREDENTIAL_STAGES.find((each) => each === rotation?.reason);
  if (was === undefined || is === undefined || was === is) return undefined;
  return normal(`Credentials${is}`, 'RotateCredentials', rotation?.message ?? '');
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
