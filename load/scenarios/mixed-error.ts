// 5,000 users for 20 minutes, whose passwords are wrong in 30 % of the attempts.
import exec from 'k6/execution';
import { AuthClient } from './auth-client.ts';
import { optionsFor } from './measurements.ts';
import { Pace } from './pace.ts';
import { workAndLogOut } from './session.ts';
import { settingsOf } from './settings.ts';
import { type K6Summary, summaryFiles } from './summary.ts';
import { testUser } from './test-users.ts';

const settings = settingsOf('mixed-error', __ENV);
const WRONG_SHARE = 0.3;
const RAMP_SECONDS = 120;
const rampSeconds = RAMP_SECONDS * settings.timeScale;

export const options = optionsFor(settings, {
  executor: 'ramping-vus',
  startVUs: 0,
  stages: [
    { target: settings.users, duration: `${rampSeconds}s` },
    { target: settings.users, duration: `${settings.durationSeconds - rampSeconds}s` },
  ],
  gracefulStop: '60s',
});

export default function session(): void {
  const pace = new Pace(settings);
  const client = new AuthClient(settings.baseUrl, testUser(exec.vu.idInTest - 1, settings.passwordSeed));
  while (Math.random() < WRONG_SHARE && !pace.isOver()) {
    client.loginWithWrongPassword();
    pace.wait(5, 15);
  }
  const tokens = client.login({ mayBeLimited: true });
  if (tokens === undefined) pace.wait(5, 15);
  else workAndLogOut(client, pace, tokens, { works: [2, 5], accessTokenSeconds: settings.accessTokenSeconds });
}

export function handleSummary(data: K6Summary): Record<string, string> {
  return summaryFiles(settings, data);
}
