import { createHmac } from 'node:crypto';
import type { PodAddress, PodDialer } from '../kubernetes/dialer.ts';
import type { Pod } from '../kubernetes/objects.ts';
import { askPod } from '../kubernetes/pod-http.ts';
import { type Login, withPostgres } from '../postgres/connection.ts';
import { isPodReady } from '../postgres/patroni.ts';
import { patroniApi } from '../postgres/patroni-api.ts';
import { type RedisLogin, withRedis } from '../redis/connection.ts';
import { PORTS } from '../specs/names.ts';

/** What a pod of the auth API logs in with: the fingerprint of the login by dependency. */
export type PodLogins = ReadonlyMap<string, string>;

export interface RedisUsers {
  taken: readonly RedisLogin[];
  refused: readonly RedisLogin[];
}

const ANSWER_TIMEOUT_MS = 3000;

/** Who takes which login, and who uses it: asked of those who know, since a file that was changed proves nothing. */
export class CredentialServers {
  readonly #dialer: PodDialer;

  constructor(dialer: PodDialer) {
    this.#dialer = dialer;
  }

  /** Names of pooler pods at whose console this login is not taken, those that do not answer among them. */
  async consoleRefuses(poolers: readonly Pod[], login: Login): Promise<string[]> {
    return this.#without(poolers, async (pod) => {
      await this.#console(pod, login, 'SHOW VERSION');
      return true;
    });
  }

  /** Names of pooler pods at whose console this login is not seen to be refused. */
  async consoleTakes(poolers: readonly Pod[], login: Login): Promise<string[]> {
    return this.#without(poolers, async (pod) => {
      const why = await this.#console(pod, login, 'SHOW VERSION').then(() => '', messageOf);
      return why.includes('authentication failed');
    });
  }

  /** Names of pooler pods with clients that are logged in as `user`, those that do not tell among them. */
  async poolersServing(poolers: readonly Pod[], login: Login, user: string): Promise<string[]> {
    return this.#without(poolers, async (pod) => {
      const clients = await this.#console<{ user: string }>(pod, login, 'SHOW CLIENTS');
      return !clients.some((client) => client.user === user);
    });
  }

  /** Names of Redis pods whose users are not so yet. They are told to read their users from what is mounted. */
  async redisUsersDiffer(pods: readonly Pod[], operator: RedisLogin, users: RedisUsers): Promise<string[]> {
    return this.#without(pods, async (pod) => {
      if (await this.#redisUsersAre(pod, users)) return true;
      await withRedis(this.#dialer, addressOf(pod), operator, (command) => command('ACL', 'LOAD'));
      return this.#redisUsersAre(pod, users);
    });
  }

  /**
   * Has members of the database read their files anew, with whichever of these logins Patroni takes; what they have read
   * then is in their state. Names of those that do not take the first of the logins yet.
   */
  async reloadMembers(pods: readonly Pod[], logins: readonly Login[]): Promise<string[]> {
    return this.#without(pods, async (pod) => {
      const patroni = patroniApi(this.#dialer, logins);
      return (await patroni.reload(addressOf(pod))) === logins[0];
    });
  }

  /** Names of pods whose exporter does not tell that this is the login it uses. */
  async exportersDiffer(pods: readonly Pod[], login: string): Promise<string[]> {
    const asked = { port: PORTS.exporterLogin, method: 'GET', path: '/login' } as const;
    return this.#without(pods, async (pod) => {
      const { status, text } = await askPod(this.#dialer, addressOf(pod), asked);
      return status === 200 && text.trim() === login;
    });
  }

  /** What each of these pods of the auth API logs in with. Undefined where one of them does not tell. */
  async apiLogins(pods: readonly Pod[]): Promise<readonly PodLogins[] | undefined> {
    const metrics = { port: PORTS.authApiOps, method: 'GET', path: '/metrics' } as const;
    const answers = await Promise.all(pods.map((pod) => askPod(this.#dialer, addressOf(pod), metrics)));
    const logins = answers.map(({ text }) => podLogins(text));
    return logins.every(({ size }) => size > 0) ? logins : undefined;
  }

  /** Names of those of which it does not hold. */
  async #without(pods: readonly Pod[], holds: (pod: Pod) => Promise<boolean>): Promise<string[]> {
    const answers = await Promise.all(pods.map((pod) => isPodReady(pod) && holds(pod).catch(() => false)));
    return pods.filter((_, index) => !answers[index]).map(({ metadata }) => metadata.name);
  }

  #console<Row>(pod: Pod, login: Login, command: string): Promise<Row[]> {
    const target = { pod: addressOf(pod), port: PORTS.postgres, database: 'pgbouncer', login };
    return withPostgres(this.#dialer, { ...target, queryTimeoutMs: ANSWER_TIMEOUT_MS }, (sql) =>
      sql.query<Row>(command),
    );
  }

  async #redisUsersAre(pod: Pod, { taken, refused }: RedisUsers): Promise<boolean> {
    const answers = await Promise.all([
      ...taken.map(async (login) => (await this.#ping(pod, login)) === 'PONG'),
      ...refused.map(async (login) => (await this.#ping(pod, login)) === 'WRONGPASS'),
    ]);
    return answers.every((answer) => answer);
  }

  /** PONG, or the first word of the refusal. */
  async #ping(pod: Pod, login: RedisLogin): Promise<string> {
    try {
      return await withRedis(this.#dialer, addressOf(pod), login, async (command) => String(await command('PING')));
    } catch (error) {
      return messageOf(error).split(' ')[0] ?? '';
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}

function addressOf({ metadata, status }: Pod): PodAddress {
  return { namespace: metadata.namespace, name: metadata.name, ip: status?.podIP ?? '' };
}

/** Of its metrics, in Prometheus' text format; empty where they tell nothing of logins. */
export function podLogins(metrics: string): PodLogins {
  const lines = metrics.matchAll(/^auth_login_info\{dependency="([a-z]+)",fingerprint="([^"]*)"\} 1$/gm);
  return new Map([...lines].map(([, dependency = '', fingerprint = '']) => [dependency, fingerprint]));
}

/**
 * As the auth API computes it (auth-api/src/security/login-fingerprint.ts): tells logins apart, and says nothing about
 * them to those who lack the key. `derivationKey` is base64.
 */
export function loginFingerprint(derivationKey: string, user: string, password: string): string {
  return createHmac('sha256', Buffer.from(derivationKey, 'base64'))
    .update(`login\n${user}\n${password}`)
    .digest('base64url')
    .slice(0, 22);
}
