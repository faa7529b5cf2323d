import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
import type { Options } from 'k6/options';
import type { Settings } from './settings.ts';

/** Logins with the right password that brought tokens. */
export const loginSuccess = new Rate('login_success');
export const refreshSuccess = new Rate('refresh_success');
/** Requests without an answer in time. */
export const timeouts = new Rate('timeouts');
/** Refusals that were asked for: wrong passwords, and limits that they ran into. */
export const expectedRefusals = new Counter('expected_refusals');
/** From the login to the end of the log-out. */
export const sessionDuration = new Trend('session_duration', true);
/** When the users began, in milliseconds of Date.now(): k6 starts earlier, to make them. */
export const scenarioStart = new Gauge('scenario_start');

export const ENDPOINTS = ['login', 'refresh', 'verify', 'profile', 'logout'] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

/** A request whose status is not one it may have (503s and time-outs among them) counts as failed; refusals do not. */
const THRESHOLDS = {
  http_req_duration: ['p(95)<500', 'p(99)<1000'],
  'http_req_duration{name:login}': ['p(95)<500', 'p(99)<1000'],
  http_req_failed: ['rate<0.001'],
  // Of few requests, load-test allows one failure all the same.
  ...Object.fromEntries(ENDPOINTS.map((endpoint) => [`http_req_failed{name:${endpoint}}`, ['rate<0.001']])),
  timeouts: ['rate<0.001'],
};

/** Always met; without a threshold, k6 does not report a metric by endpoint. */
function perEndpoint(): Record<string, string[]> {
  const entries = ENDPOINTS.flatMap((endpoint): [string, string[]][] => [
    [`http_req_duration{name:${endpoint}}`, ['max>=0']],
    [`http_reqs{name:${endpoint}}`, ['count>=0']],
    [`timeouts{name:${endpoint}}`, ['rate>=0']],
  ]);
  return Object.fromEntries(entries);
}

/** What all scenarios have in common; `scenario` is how the users come. */
export function optionsFor(settings: Settings, scenario: NonNullable<Options['scenarios']>[string]): Options {
  return {
    scenarios: { [settings.name]: scenario },
    thresholds: { ...perEndpoint(), ...THRESHOLDS },
    summaryTrendStats: ['avg', 'min', 'med', 'p(90)', 'p(95)', 'p(99)', 'max', 'count'],
    systemTags: ['name', 'status', 'error_code', 'scenario'],
    discardResponseBodies: false,
    userAgent: 'authcluster-load',
    setupTimeout: '30s',
  };
}
