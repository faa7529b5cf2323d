import type { PodAddress, PodDialer } from '../kubernetes/dialer.ts';
import { askPod } from '../kubernetes/pod-http.ts';
import { PORTS } from '../specs/names.ts';
import type { Login } from './connection.ts';

/** Patroni did not do what it was asked for, and says why. */
export class PatroniRefused extends Error {
  override readonly name = 'PatroniRefused';
  /** Whether it is certain that nothing was begun. */
  readonly nothingBegun: boolean;

  constructor(message: string, nothingBegun: boolean) {
    super(message);
    this.nothingBegun = nothingBegun;
  }
}

/** Patroni answers a switchover when it is over, at the latest after 20 s; a restart, when PostgreSQL is up again. */
const TIMEOUT_MS = 25_000;
/** A restart with nothing pending (any more), and of a member that is starting anew as it is, such as a former primary. */
const NO_NEED = ['restart conditions are not satisfied', 'already in progress'];

/** The part of Patroni's REST API that changes something (https://patroni.readthedocs.io/en/latest/rest_api.html). */
export interface PatroniApi {
  /** Resolves when the candidate leads. @throws PatroniRefused */
  switchOver(leader: PodAddress, candidate: string): Promise<void>;
  /** Restarts PostgreSQL where a setting waits for it. Resolves when it is up again. @throws PatroniRefused */
  restart(member: PodAddress): Promise<void>;
}

export function patroniApi(dialer: PodDialer, { user, password }: Login): PatroniApi {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const post = async (pod: PodAddress, path: string, body: object): Promise<void> => {
    const { status, text } = await askPod(dialer, pod, {
      port: PORTS.patroni,
      method: 'POST',
      path,
      headers: { authorization },
      body: JSON.stringify(body),
      timeoutMs: TIMEOUT_MS,
    });
    if (status === 200 || (path === '/restart' && NO_NEED.some((words) => text.includes(words)))) return;
    const answer = status === 0 ? 'did not answer' : `answered ${status}: ${text.slice(0, 200)}`;
    // 5xx and no answer at all leave open what became of it.
    const nothingBegun = status >= 400 && status < 500;
    throw new PatroniRefused(`POST ${path}: Patroni of ${pod.name} ${answer}`, nothingBegun);
  };
  return {
    switchOver: (leader, candidate) => post(leader, '/switchover', { leader: leader.name, candidate }),
    restart: (member) => post(member, '/restart', { restart_pending: true }),
  };
}
