import type { PodAddress, PodDialer } from '../kubernetes/dialer.ts';
import { askPod, type PodAnswer } from '../kubernetes/pod-http.ts';
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
  /** Has the member read its files anew. Resolves with the login that it took. @throws PatroniRefused */
  reload(member: PodAddress): Promise<Login>;
}

/** `logins` are tried in turn: Patroni takes one, and while that is rotated nobody knows which. */
export function patroniApi(dialer: PodDialer, logins: readonly Login[]): PatroniApi {
  const post = async (pod: PodAddress, path: string, body: object): Promise<Login> => {
    let refused: PodAnswer = { status: 0, text: '' };
    for (const login of logins) {
      const answer = await ask(dialer, pod, path, body, login);
      if (isDone(path, answer)) return login;
      refused = answer;
      if (answer.status !== 401) break;
    }
    const { status, text } = refused;
    const said = status === 0 ? 'did not answer' : `answered ${status}: ${text.slice(0, 200)}`;
    // 5xx and no answer at all leave open what became of it.
    const nothingBegun = status >= 400 && status < 500;
    throw new PatroniRefused(`POST ${path}: Patroni of ${pod.name} ${said}`, nothingBegun);
  };
  return {
    switchOver: async (leader, candidate) => {
      await post(leader, '/switchover', { leader: leader.name, candidate });
    },
    restart: async (member) => {
      await post(member, '/restart', { restart_pending: true });
    },
    reload: (member) => post(member, '/reload', {}),
  };
}

function ask(dialer: PodDialer, pod: PodAddress, path: string, body: object, { user, password }: Login) {
  return askPod(dialer, pod, {
    port: PORTS.patroni,
    method: 'POST',
    path,
    headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
    body: JSON.stringify(body),
    timeoutMs: TIMEOUT_MS,
  });
}

/** 202 is the answer to a reload. */
function isDone(path: string, { status, text }: PodAnswer): boolean {
  return status === 200 || status === 202 || (path === '/restart' && NO_NEED.some((words) => text.includes(words)));
}
