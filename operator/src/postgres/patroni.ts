import { type ConfigMap, hasCondition, type Pod } from '../kubernetes/objects.ts';

export interface PostgresMember {
  pod: string;
  ready: boolean;
  /** What Patroni last labelled the pod with; a dead primary keeps `primary` until somebody takes it away. */
  role: string | undefined;
  timeline: number | undefined;
  /** Bytes since the beginning of the log: received or written. */
  xlogLocation: bigint | undefined;
  /** Settings that PostgreSQL takes at its next start only. */
  pendingRestart: readonly PendingSetting[];
}

export interface PendingSetting {
  parameter: string;
  from: string;
  to: string;
}

/** The database as Patroni describes it in its ConfigMaps and pods. No connection is made for it. */
export interface PatroniView {
  /** Pod that holds the leader key; undefined before bootstrap and while nobody does. */
  leader: string | undefined;
  /** Grows by one with each change of leader. */
  transitions: number;
  syncStandbys: readonly string[];
  /** Whether a database was ever created under this scope. */
  initialized: boolean;
  members: readonly PostgresMember[];
}

export interface PatroniObjects {
  scope: string;
  configMaps: readonly ConfigMap[];
  pods: readonly Pod[];
  roleLabel: string;
}

export function readPatroni(objects: PatroniObjects): PatroniView {
  const annotations = (suffix: string): Record<string, string> =>
    objects.configMaps.find(({ metadata }) => metadata.name === `${objects.scope}-${suffix}`)?.metadata.annotations ??
    {};
  const leader = annotations('leader');
  return {
    leader: leader.leader || undefined,
    transitions: Number(leader.transitions ?? 0),
    syncStandbys: (annotations('sync').sync_standby ?? '').split(',').filter((name) => name !== ''),
    initialized: (annotations('config').initialize ?? '') !== '',
    members: objects.pods.map((pod) => readMember(pod, objects.roleLabel)),
  };
}

function readMember(pod: Pod, roleLabel: string): PostgresMember {
  const status = parseStatus(pod.metadata.annotations?.status);
  return {
    pod: pod.metadata.name,
    ready: isPodReady(pod),
    role: pod.metadata.labels?.[roleLabel],
    timeline: typeof status.timeline === 'number' ? status.timeline : undefined,
    xlogLocation: typeof status.xlog_location === 'number' ? BigInt(status.xlog_location) : undefined,
    pendingRestart: pendingSettings(status),
  };
}

/** Patroni tells that a restart is pending, and by which parameters: `{work_mem: {old_value, new_value}}`. */
function pendingSettings({ pending_restart, pending_restart_reason: reason }: MemberStatus): PendingSetting[] {
  if (pending_restart !== true) return [];
  if (typeof reason !== 'object' || reason === null) return [{ parameter: 'unknown', from: '', to: '' }];
  return Object.entries(reason as Record<string, { old_value?: unknown; new_value?: unknown }>).map(
    ([parameter, { old_value, new_value }]) => ({
      parameter,
      from: String(old_value ?? ''),
      to: String(new_value ?? ''),
    }),
  );
}

/**
 * Pods that claim to be primary although the leader key names another: the primary Service must not send them
 * connections. Empty while nobody leads, because then nobody is known to be better.
 */
export function stalePrimaries(view: PatroniView): string[] {
  if (view.leader === undefined) return [];
  return view.members.filter((member) => member.role === 'primary' && member.pod !== view.leader).map(({ pod }) => pod);
}

/**
 * Whether the leader key names a pod that is there and was told its role by Patroni. It goes on naming one that was lost
 * until another takes it, also when a pod of that name is made anew: of a database that is adopted, nobody leads then.
 */
export function isLed({ leader, members }: PatroniView): boolean {
  return members.some(({ pod, role }) => pod === leader && role === 'primary');
}

/** The tags that the member in this pod goes by. */
export function memberTags(pod: Pod): Readonly<Record<string, unknown>> {
  const { tags } = parseStatus(pod.metadata.annotations?.status);
  return typeof tags === 'object' && tags !== null ? (tags as Record<string, unknown>) : {};
}

export function isPodReady(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined && hasCondition(pod, 'Ready');
}

/** What a member says of itself, in the annotation `status` of its pod. */
interface MemberStatus {
  timeline?: unknown;
  xlog_location?: unknown;
  tags?: unknown;
  pending_restart?: unknown;
  pending_restart_reason?: unknown;
}

function parseStatus(text: string | undefined): MemberStatus {
  try {
    const parsed: unknown = JSON.parse(text ?? '{}');
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** The number at the end of a StatefulSet's pod's name. */
export function ordinalOf(pod: string): number {
  return Number(pod.slice(pod.lastIndexOf('-') + 1));
}
