import { candidates, mayGo } from './candidates.ts';
import { ordinalOf, type PendingSetting, type PostgresMember } from './patroni.ts';

/** A database pod, with what else matters for where the primary may be. */
export interface MovableMember extends PostgresMember {
  /** It runs an older template than it should. */
  outdated: boolean;
  /** Its pod is being deleted. */
  leaving: boolean;
  /** A container of its pod does not run and will not by itself. */
  stuck: boolean;
  node: string | undefined;
  /** Its node takes no new pods: somebody is about to drain it. */
  cordoned: boolean;
}

export interface MovesView {
  leader: string | undefined;
  members: readonly MovableMember[];
  syncStandbys: readonly string[];
  /** Whether only a synchronous standby may take over. */
  synchronous: boolean;
  /** Members that the spec asks for; those with higher ordinals go. */
  wantedMembers: number;
  /** The pod that the annotation asks to become the primary. */
  requested: string | undefined;
  /** Why writes may not be held back at present. */
  hindrance: string | undefined;
  /** What to wait for before the primary leaves a node that is drained. */
  commotion: string | undefined;
}

export const MOVE_REASONS = ['Requested', 'Drain', 'ScaleDown', 'Update', 'Parameters'] as const;
export type MoveReason = (typeof MOVE_REASONS)[number];

/** The next thing to do with database pods: one at a time, and only one. */
export type Move =
  | { kind: 'none' }
  /** Something is to be done, and has to wait for what the message says. */
  | { kind: 'wait'; message: string }
  /** What the annotation asks for is so. */
  | { kind: 'acknowledge'; pod: string }
  /** PostgreSQL of a replica starts anew. */
  | { kind: 'restart'; pod: string; message: string }
  /** The pod is deleted, and comes back of the newest template. */
  | { kind: 'replace'; pod: string; message: string }
  /** PostgreSQL of the primary starts anew while the poolers hold writes back. */
  | { kind: 'restartPrimary'; pod: string; reason: MoveReason; message: string }
  /** Another member becomes the primary while the poolers hold writes back. */
  | { kind: 'switchover'; from: string; to: string; reason: MoveReason; message: string };

export interface Moves {
  next: Move;
  /** Why what the annotation asks for cannot be. */
  refusal?: string;
  /** A drain may take the primary, which cannot be moved out of its way. */
  primaryMayGo?: true;
}

/**
 * Parameters of which a standby must have at least the primary's value: a lower one has to reach the primary first, a
 * higher one the standbys (PostgreSQL, "Hot Standby, Administrator's Overview").
 */
const STANDBY_AT_LEAST = new Set([
  'max_connections',
  'max_worker_processes',
  'max_wal_senders',
  'max_prepared_transactions',
  'max_locks_per_transaction',
]);

/**
 * Decides from what is there alone, so that it does not matter who did the step before, or whether an operator died in
 * the middle of it. While there is no primary that is ready, all is left to Patroni that runs.
 */
export function decideMove(view: MovesView): Moves {
  const primary = view.members.find(({ pod }) => pod === view.leader);
  const refusal = refusalOf(view);
  if (primary === undefined || !primary.ready) return moves(replaceStuck(view), refusal);
  const next =
    requestedMove(view, primary, refusal) ??
    awayFromNode(view, primary) ??
    awayFromSurplus(view, primary) ??
    upkeep(view, primary);
  return moves(next, refusal, mayGo(view, primary));
}

function moves(next: Move, refusal: string | undefined, primaryMayGo = false): Moves {
  return { next, ...(refusal === undefined ? {} : { refusal }), ...(primaryMayGo ? { primaryMayGo } : {}) };
}

/** Kubernetes makes no database pod anew by itself, whatever was mended in its template. */
function replaceStuck({ members }: MovesView): Move {
  const mended = members.filter(({ stuck, outdated, leaving }) => stuck && outdated && !leaving);
  const [first] = mended;
  return first === undefined
    ? { kind: 'none' }
    : replace(first.pod, `${mended.length} of ${members.length} cannot start`);
}

function refusalOf(view: MovesView): string | undefined {
  const { requested, leader } = view;
  if (requested === undefined || leader === undefined || requested === leader) return undefined;
  const allowed = candidates(view).map(({ pod }) => pod);
  if (allowed.includes(requested)) return undefined;
  const isMember = view.members.some(({ pod }) => pod === requested);
  const why = isMember ? 'is not ready to take over without losing a commit' : 'is no pod of this database';
  const instead = allowed.length === 0 ? 'no pod is at present' : `allowed: ${allowed.join(', ')}`;
  return `authcluster.dev/switchover names ${requested || 'no pod'}, which ${why}; ${instead}`;
}

function requestedMove(view: MovesView, primary: MovableMember, refusal: string | undefined): Move | undefined {
  const { requested } = view;
  if (requested === undefined || refusal !== undefined) return undefined;
  if (requested === primary.pod) return { kind: 'acknowledge', pod: requested };
  return switchover(view, primary, requested, 'Requested', 'as authcluster.dev/switchover asks');
}

function awayFromNode(view: MovesView, primary: MovableMember): Move | undefined {
  if (!primary.cordoned || view.members.length === 1) return undefined;
  const target = candidates(view).find(({ cordoned }) => !cordoned);
  if (target === undefined) {
    const then = mayGo(view, primary) ? ': all that can are on cordoned nodes, so a drain may take it' : '';
    return wait(`the node of primary ${primary.pod} is cordoned, and no replica elsewhere can take over yet${then}`);
  }
  const because = `the node of ${primary.pod} is cordoned`;
  if (view.commotion !== undefined)
    return wait(`making ${target.pod} the primary: ${because}; first ${view.commotion}`);
  return switchover(view, primary, target.pod, 'Drain', because);
}

function awayFromSurplus(view: MovesView, primary: MovableMember): Move | undefined {
  const stays = ({ pod }: MovableMember) => ordinalOf(pod) < view.wantedMembers;
  if (stays(primary)) return undefined;
  const allowed = candidates(view);
  // Patroni keeps a synchronous standby as long as it is there. One that is to go as well is the primary for a while, until
  // those above it are gone and one that stays has become the standby.
  const below = allowed.find(({ pod }) => ordinalOf(pod) < ordinalOf(primary.pod));
  const isSomebodyLeft = view.members.some((member) => stays(member) && member.ready);
  const target = allowed.find(stays) ?? (isSomebodyLeft ? below : undefined);
  if (target === undefined) return wait(`primary ${primary.pod} is to go, and no replica that stays can take over yet`);
  return switchover(view, primary, target.pod, 'ScaleDown', `${primary.pod} is to go`);
}

/** Older templates and settings that need a restart: replicas first, the primary last, with an exception for lowering. */
function upkeep(view: MovesView, primary: MovableMember): Move {
  const replicas = view.members.filter(({ pod }) => pod !== primary.pod && ordinalOf(pod) < view.wantedMembers);
  const due = [...replicas, primary].filter(isDue);
  if (due.length === 0) return { kind: 'none' };
  const left = `${due.length} of ${replicas.length + 1} pods to go`;
  // A template that was wrong is mended by the next one, so what does not come up is replaced first.
  const broken = replicas.find(({ outdated, ready, leaving }) => outdated && !ready && !leaving);
  if (broken !== undefined) return replace(broken.pod, left);
  const missing = view.wantedMembers - 1 - replicas.filter(({ ready, leaving }) => ready && !leaving).length;
  if (missing > 0) return wait(`pods are to be restarted, one after another: ${missing} of the replicas are not ready`);
  const lowered = primary.pendingRestart.filter(isLowered);
  if (lowered.length > 0) return restartPrimary(view, primary, lowered);
  const outdated = replicas.find((replica) => replica.outdated);
  if (outdated !== undefined) return replace(outdated.pod, left);
  const pending = replicas.find(({ pendingRestart }) => pendingRestart.length > 0);
  if (pending !== undefined) {
    const message = `restarting ${pending.pod} for ${parameters(pending.pendingRestart)}: ${left}`;
    return { kind: 'restart', pod: pending.pod, message };
  }
  return primaryLast(view, primary, left);
}

function primaryLast(view: MovesView, primary: MovableMember, left: string): Move {
  if (view.wantedMembers === 1) {
    return primary.outdated ? replace(primary.pod, left) : restartPrimary(view, primary, primary.pendingRestart);
  }
  const target = candidates(view).find(({ cordoned }) => !cordoned);
  if (target === undefined) return wait(`primary ${primary.pod} is to be restarted, and no replica can take over yet`);
  return primary.outdated
    ? switchover(view, primary, target.pod, 'Update', `${primary.pod} is to be replaced`)
    : switchover(view, primary, target.pod, 'Parameters', `for ${parameters(primary.pendingRestart)}`);
}

function isDue({ outdated, pendingRestart }: MovableMember): boolean {
  return outdated || pendingRestart.length > 0;
}

function isLowered({ parameter, from, to }: PendingSetting): boolean {
  return STANDBY_AT_LEAST.has(parameter) && Number(to) < Number(from);
}

function parameters(settings: readonly PendingSetting[]): string {
  return settings.map(({ parameter }) => parameter).join(', ');
}

function wait(message: string): Move {
  return { kind: 'wait', message };
}

function replace(pod: string, left: string): Move {
  return { kind: 'replace', pod, message: `replacing ${pod}: ${left}` };
}

function restartPrimary(view: MovesView, { pod }: MovableMember, settings: readonly PendingSetting[]): Move {
  if (view.hindrance !== undefined) return wait(`primary ${pod} is to be restarted: ${view.hindrance}`);
  const message = `restarting primary ${pod} for ${parameters(settings)}`;
  return { kind: 'restartPrimary', pod, reason: 'Parameters', message };
}

function switchover(
  view: MovesView,
  { pod: from }: MovableMember,
  to: string,
  reason: MoveReason,
  because: string,
): Move {
  const message = `making ${to} the primary: ${because}`;
  if (view.hindrance !== undefined) return wait(`${message}; first ${view.hindrance}`);
  return { kind: 'switchover', from, to, reason, message };
}
