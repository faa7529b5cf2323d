import type { PersistentVolumeClaim } from '../kubernetes/objects.ts';
import { bytesOf } from '../specs/quantities.ts';
import { ordinalOf } from './patroni.ts';

export interface VolumesView {
  /** The size that the spec asks for, such as `10Gi`. */
  size: string;
  /** Claims of the database's pods. */
  claims: readonly PersistentVolumeClaim[];
  /** What the StatefulSet's template says, which cannot be changed; undefined where there is none. */
  templateSize: string | undefined;
  wantedMembers: number;
  /** Whether the StatefulSet asks for as many pods as the spec, and every one of them is there and ready. */
  whole: boolean;
}

export interface VolumesPlan {
  /** Claims that are to ask for more. */
  grow: readonly PersistentVolumeClaim[];
  /** Claims of members that the spec no longer has: copies of what the others have. */
  remove: readonly PersistentVolumeClaim[];
  /** Whether the StatefulSet is to be made anew around its pods, so that its next claims have the new size. */
  renewTemplate: boolean;
  /** Claims that have less than they ask for: their driver is at it. */
  growing: readonly PersistentVolumeClaim[];
  /** Why one of them does not get it, in the words of its driver. */
  growthProblem: string | undefined;
  /** The least that any of the volumes was asked to be: what the spec may not go below. */
  smallest: string | undefined;
  /** Members up to the last that has a volume, whether its pod is there or not. */
  members: number;
}

/** What is to be done with volumes. Nothing is remembered: each step shows in the claims and in the template. */
export function planVolumes({ size, claims, templateSize, wantedMembers, whole }: VolumesView): VolumesPlan {
  const wanted = bytesOf(size);
  const staying = claims.filter(({ metadata }) => ordinalOf(metadata.name) < wantedMembers);
  const grow = staying.filter((claim) => bytesOf(askedFor(claim)) < wanted);
  const growing = staying.filter(isGrowing);
  const differs = templateSize !== undefined && bytesOf(templateSize) < wanted;
  const sizes = staying.map(askedFor).sort((left, right) => bytesOf(left) - bytesOf(right));
  return {
    grow,
    remove: whole ? claims.filter(({ metadata }) => ordinalOf(metadata.name) >= wantedMembers) : [],
    renewTemplate: differs && grow.length === 0,
    growing,
    growthProblem: growing.map(problemOf).find((problem) => problem !== undefined),
    smallest: sizes[0],
    members: Math.max(0, ...claims.map(({ metadata }) => ordinalOf(metadata.name) + 1)),
  };
}

/** What those have that do not have yet what the spec asks for. */
export function ungrownSizes({ grow, growing }: Pick<VolumesPlan, 'grow' | 'growing'>): string[] {
  return [...grow, ...growing].map((claim) => claim.status?.capacity?.storage ?? askedFor(claim));
}

function askedFor({ spec }: PersistentVolumeClaim): string {
  return spec.resources.requests.storage;
}

function isGrowing(claim: PersistentVolumeClaim): boolean {
  const capacity = claim.status?.capacity?.storage;
  return capacity !== undefined && bytesOf(capacity) < bytesOf(askedFor(claim));
}

/** Conditions of a claim and states of its growth after which a driver has given up or is refused, KEP-1790. */
const FAILED_CONDITIONS = ['ControllerResizeError', 'NodeResizeError'];
const FAILED_STATE = /Infeasible$|Failed$/;

function problemOf({ metadata, status }: PersistentVolumeClaim): string | undefined {
  const failed = status?.conditions?.find(({ type, status: is }) => FAILED_CONDITIONS.includes(type) && is === 'True');
  const state = status?.allocatedResourceStatuses?.storage ?? '';
  if (failed === undefined && !FAILED_STATE.test(state)) return undefined;
  return `volume claim ${metadata.name}: ${failed?.message || failed?.type || state}`;
}
