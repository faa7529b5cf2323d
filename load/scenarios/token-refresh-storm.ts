// 50,000 users log in during 5 minutes; then, twice, all are quiet for 4.5 minutes and refresh within 30 seconds.
import exec from 'k6/execution';
import { AuthClient } from './auth-client.ts';
import { optionsFor, scenarioStart, sessionDuration } from './measurements.ts';
import { Pace } from './pace.ts';
import { stormTimetable } from './scenario-shapes.ts';
import { settingsOf } from './settings.ts';
import { type K6Summary, summaryFiles } from './summary.ts';
import { testUser } from './test-users.ts';

const settings = settingsOf('token-refresh-storm', __ENV);
const timetable = stormTimetable(settings);

export const options = optionsFor(settings, {
  executor: 'per-vu-iterations',
  vus: settings.users,
  iterations: 1,
  maxDuration: `${settings.durationSeconds + 60}s`,
});

export default function session(): void {
  const pace = new Pace(settings);
  scenarioStart.add(exec.scenario.startTime);
  const client = new AuthClient(settings.baseUrl, testUser(exec.vu.idInTest - 1, settings.passwordSeed));
  // Evenly, so that the storm is one of refreshes alone.
  pace.waitUntil((timetable.loginEndSeconds * (exec.vu.idInTest - 0.5)) / settings.users);
  let tokens = client.login();
  const startedAtMs = Date.now();
  for (const { fromSeconds, toSeconds } of timetable.windows) {
    if (tokens === undefined) return;
    pace.waitUntil(fromSeconds + Math.random() * (toSeconds - fromSeconds));
    tokens = client.refresh(tokens);
    if (tokens !== undefined) client.verify(tokens);
  }
  if (tokens === undefined) return;
  client.logout(tokens);
  sessionDuration.add(Date.now() - startedAtMs);
}

export function handleSummary(data: K6Summary): Record<string, string> {
  return summaryFiles(settings, data);
}
