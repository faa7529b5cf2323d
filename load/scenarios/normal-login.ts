// 10,000 users work for 30 minutes; they come within the first 5. Who has logged out comes back, or, in the share of the
// time that RAMP_DOWN says, does not.
import exec from 'k6/execution';
import { AuthClient } from './auth-client.ts';
import { optionsFor } from './measurements.ts';
import { Pace } from './pace.ts';
import { workAndLogOut } from './session.ts';
import { settingsOf } from './settings.ts';
import { type K6Summary, summaryFiles } from './summary.ts';
import { testUser } from './test-users.ts';

const settings = settingsOf('normal-login', __ENV);
const RAMP_SECONDS = 300;
/** No session takes longer. */
const LONGEST_SESSION_SECONDS = 600;
const { durationSeconds, rampDownSeconds, timeScale, users } = settings;
const rampSeconds = RAMP_SECONDS * timeScale;

export const options = optionsFor(settings, {
  executor: 'ramping-vus',
  startVUs: 0,
  stages: [
    { target: users, duration: `${rampSeconds}s` },
    { target: users, duration: `${durationSeconds - rampSeconds - rampDownSeconds}s` },
    ...(rampDownSeconds === 0 ? [] : [{ target: 0, duration: `${rampDownSeconds}s` }]),
  ],
  // Who leaves ends the session first.
  gracefulRampDown: `${LONGEST_SESSION_SECONDS * timeScale}s`,
  // Sessions end by themselves once the time is over.
  gracefulStop: '60s',
});

export default function session(): void {
  const pace = new Pace(settings);
  const client = new AuthClient(settings.baseUrl, testUser(exec.vu.idInTest - 1, settings.passwordSeed));
  const tokens = client.login();
  if (tokens === undefined) pace.wait(1, 3);
  else workAndLogOut(client, pace, tokens, { works: [5, 15], accessTokenSeconds: settings.accessTokenSeconds });
}

export function handleSummary(data: K6Summary): Record<string, string> {
  return summaryFiles(settings, data);
}
