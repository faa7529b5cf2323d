// What each scenario is, at full size, and how it shrinks. Runs in k6 and in Node.js: no imports.

export interface ScenarioShape {
  readonly users: number;
  readonly durationSeconds: number;
}

export const SCENARIOS = {
  'normal-login': { users: 10_000, durationSeconds: 30 * 60 },
  'token-refresh-storm': { users: 50_000, durationSeconds: 15 * 60 },
  'mixed-error': { users: 5_000, durationSeconds: 20 * 60 },
} as const satisfies Record<string, ScenarioShape>;

export type ScenarioName = keyof typeof SCENARIOS;

const FULL_ACCESS_TOKEN_SECONDS = 300;

export interface Scales {
  /** Share of the users, and with them of every rate. */
  readonly scale: number;
  /** Share of every duration: the run's, the waits', and the token lifetime that clients go by. Rates grow by its inverse. */
  readonly timeScale: number;
  /** Share of the duration, at its end, in which the users of normal-login leave one by one; 0 unless given. */
  readonly rampDown?: number;
}

/** The rest is needed to come, and to be judged. */
const LONGEST_RAMP_DOWN = 0.7;

export interface ScaledShape extends ScenarioShape {
  readonly timeScale: number;
  /** Clients refresh as if tokens lived so long; the server's tokens may live longer. */
  readonly accessTokenSeconds: number;
  /** At the end. */
  readonly rampDownSeconds: number;
}

/** @throws RangeError for a scale outside of (0, 100], a time scale outside of (0, 10], or a ramp-down that cannot be */
export function scaledShape(name: ScenarioName, { scale, timeScale, rampDown = 0 }: Scales): ScaledShape {
  if (!(scale > 0 && scale <= 100)) throw new RangeError(`SCALE must be above 0 and at most 100, not ${scale}`);
  if (!(timeScale > 0 && timeScale <= 10)) {
    throw new RangeError(`TIME_SCALE must be above 0 and at most 10, not ${timeScale}`);
  }
  if (!(rampDown >= 0 && rampDown <= LONGEST_RAMP_DOWN)) {
    throw new RangeError(`RAMP_DOWN must be from 0 to ${LONGEST_RAMP_DOWN}, not ${rampDown}`);
  }
  if (rampDown > 0 && name !== 'normal-login') throw new RangeError(`RAMP_DOWN is for normal-login, not ${name}`);
  const { users, durationSeconds } = SCENARIOS[name];
  return {
    users: Math.max(1, Math.round(users * scale)),
    durationSeconds: durationSeconds * timeScale,
    timeScale,
    accessTokenSeconds: FULL_ACCESS_TOKEN_SECONDS * timeScale,
    rampDownSeconds: durationSeconds * timeScale * rampDown,
  };
}

/** Seconds after the start at which the users of the storm log in, and between which all of them refresh. */
export interface StormTimetable {
  readonly loginEndSeconds: number;
  readonly windows: readonly { readonly fromSeconds: number; readonly toSeconds: number }[];
}

/**
 * 5 minutes of logins, then twice: 4.5 minutes of quiet, and all refresh in 30 seconds. As after an outage, not as clients
 * do in time: by then most access tokens have run out, in the first window nearly all of them (they are 4.5 to 10 minutes
 * old), in the second half (4.5 to 5.5 minutes).
 */
export function stormTimetable({ accessTokenSeconds, timeScale }: ScaledShape): StormTimetable {
  const windowSeconds = 30 * timeScale;
  const loginEndSeconds = accessTokenSeconds;
  const windows = [1, 2].map((storm) => {
    const toSeconds = loginEndSeconds + storm * accessTokenSeconds;
    return { fromSeconds: toSeconds - windowSeconds, toSeconds };
  });
  return { loginEndSeconds, windows };
}
