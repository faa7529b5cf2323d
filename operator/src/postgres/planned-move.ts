import { PatroniRefused } from './patroni-api.ts';

/** Below the 5 s after which each pooler's watchdog resumes it: the operator wants to be the one who does. */
const LONGEST_PAUSE_MS = 4500;
/** Patroni takes two to three seconds: begun later, a move would end after writes were let go, and they would fail. */
const LEAST_LEFT_MS = 2800;
const LOOK_AGAIN_MS = 50;
/**
 * From the moment that the primary's Service names the new pod until every node sends connections there: as long as there
 * is time, and at least so long.
 */
const NODES_FOLLOW_MS = { most: 1000, least: 250 };

/** What a move says and asks. */
export interface MoveParties<Pooler> {
  /** Every pooler that leads to the primary, as of now. Throws where the move may not be begun (any more). */
  poolers(): readonly Pooler[];
  /** Has what is to be flushed flushed before everybody waits for it. */
  checkpoint(): Promise<void>;
  /** Rejects where transactions do not end soon. */
  pause(pooler: Pooler): Promise<void>;
  /** Safe on a pooler that is not paused (any more). */
  resume(pooler: Pooler): Promise<void>;
  /** Has Patroni switch over, or restart the primary. Resolves when Patroni says that it is done, rejects where it refuses. */
  begin(): Promise<void>;
  /** Whether `begin` must have resolved first: a restarted primary cannot be told from the one before. */
  endsWithAnswer: boolean;
  /** Whether the primary's Service sends connections to the target alone, and the target leads. */
  isServed(): Promise<boolean>;
  /** Whether the target commits. */
  takesWrites(): Promise<boolean>;
  now: () => number;
  sleep: (milliseconds: number) => Promise<void>;
}

export type MoveOutcome =
  /** Writes go on at the target. */
  | { kind: 'moved'; pauseSeconds: number }
  /** Nothing was done: writes could not be held back, or Patroni refused. */
  | { kind: 'given up'; pauseSeconds: number; why: string }
  /** Writes were let go before the target took them: Patroni goes on with what it was told, or not. */
  | { kind: 'late'; pauseSeconds: number };

/**
 * Holds writes back at the poolers, has the primary switched over or restarted, and lets writes go on as soon as the
 * target takes them: clients see one longer answer and no error. Whatever fails, the poolers resume. It remembers
 * nothing: what another operator left half done is found by looking, and begun again.
 */
export async function movePrimary<Pooler>(parties: MoveParties<Pooler>): Promise<MoveOutcome> {
  const { now } = parties;
  await parties.checkpoint();
  const begunMs = now();
  let poolers: readonly Pooler[] = [];
  let arrived = false;
  let why: string | undefined;
  try {
    // A checkpoint may take minutes: others may be there by now, whose clients' writes would fail.
    poolers = parties.poolers();
    await all(poolers, (pooler) => parties.pause(pooler));
    arrived = await carryOut(parties, begunMs + LONGEST_PAUSE_MS);
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
  } finally {
    // One that cannot be told is resumed by its watchdog.
    await Promise.allSettled(poolers.map((pooler) => parties.resume(pooler)));
  }
  const pauseSeconds = (now() - begunMs) / 1000;
  if (why !== undefined) return { kind: 'given up', pauseSeconds, why };
  return { kind: arrived ? 'moved' : 'late', pauseSeconds };
}

/** Whether the target took writes before the deadline. Rejects where it is certain that nothing was begun. */
async function carryOut<Pooler>(parties: MoveParties<Pooler>, deadlineMs: number): Promise<boolean> {
  const { now, sleep, endsWithAnswer } = parties;
  const left = () => deadlineMs - now();
  if (left() < LEAST_LEFT_MS) throw new Error(tooLate(left()));
  let answer: { refused?: unknown } | undefined;
  parties.begin().then(
    () => {
      answer = {};
    },
    (refused: unknown) => {
      answer = { refused };
    },
  );
  while (now() < deadlineMs) {
    await sleep(LOOK_AGAIN_MS);
    if (answer?.refused !== undefined && (endsWithAnswer || nothingBegun(answer.refused))) throw answer.refused;
    if (endsWithAnswer && answer === undefined) continue;
    if (!(await inTime(parties.isServed(), left())) || !(await inTime(parties.takesWrites(), left()))) continue;
    const { most, least } = NODES_FOLLOW_MS;
    if (!endsWithAnswer) await sleep(Math.max(least, Math.min(most, left())));
    return true;
  }
  return false;
}

function tooLate(leftMs: number): string {
  const [spent, left] = [LONGEST_PAUSE_MS - leftMs, Math.max(0, leftMs)].map((each) => (each / 1000).toFixed(1));
  return `the poolers took ${spent} s to hold writes back, and the ${left} s left are too few for a move`;
}

/** What is not known by then is not so yet: a look that hangs must not keep the poolers paused. */
async function inTime(look: Promise<boolean>, leftMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), leftMs);
  });
  return Promise.race([look, limit]).finally(() => clearTimeout(timer));
}

function nothingBegun(refused: unknown): boolean {
  return refused instanceof PatroniRefused && refused.nothingBegun;
}

/** Waits for all, also where one fails: what comes after must not overtake what is still under way. */
async function all<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const outcomes = await Promise.allSettled(items.map(work));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
