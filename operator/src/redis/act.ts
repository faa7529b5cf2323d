import type { PodDialer } from '../kubernetes/dialer.ts';
import type { Action } from './action.ts';
import { type RedisCommand, type RedisLogin, withRedis } from './connection.ts';
import { type MoveEnd, moveSlots } from './migrate.ts';
import type { RedisPod } from './observe.ts';

export interface ActionFailure {
  action: Action;
  message: string;
}

export interface ActOptions {
  dialer: PodDialer;
  now: () => number;
}

type MoveAction = Extract<Action, { do: 'moveSlots' }>;

const PORT = 6379;
/** What moves of slots may take of one pass; the next pass goes on. Between them the cluster is looked at anew. */
const MOVING_FOR_MS = 4000;

/**
 * Carries actions out in order. One that fails does not stop the rest: gossip may simply not have arrived yet, and
 * the next pass decides again from what is then true.
 */
export async function carryOut(
  { dialer, now }: ActOptions,
  pods: readonly RedisPod[],
  login: RedisLogin,
  actions: readonly Action[],
): Promise<ActionFailure[]> {
  const failures: ActionFailure[] = [];
  const endMs = now() + MOVING_FOR_MS;
  const isTimeUp = () => now() >= endMs;
  for (const action of actions) {
    if (action.do === 'moveSlots' && isTimeUp()) break;
    try {
      const pod = podNamed(pods, action.on);
      await withRedis(dialer, pod, login, (command) =>
        action.do === 'moveSlots'
          ? move(dialer, { pod, command }, podNamed(pods, action.to), login, action, isTimeUp)
          : perform(command, action),
      );
    } catch (error) {
      failures.push({ action, message: error instanceof Error ? error.message : String(error) });
    }
  }
  return failures;
}

function podNamed(pods: readonly RedisPod[], name: string): RedisPod {
  const pod = pods.find((each) => each.name === name);
  if (pod === undefined) throw new Error(`there is no pod ${name}`);
  return pod;
}

function move(
  dialer: PodDialer,
  from: { pod: RedisPod; command: RedisCommand },
  to: RedisPod,
  login: RedisLogin,
  { ranges }: MoveAction,
  isTimeUp: () => boolean,
): Promise<void> {
  return withRedis(dialer, to, login, async (command) => {
    const source = await endOf(from.pod, from.command);
    const target = await endOf(to, command);
    await moveSlots(source, target, ranges, { port: PORT, login, isTimeUp });
  });
}

async function endOf({ ip }: RedisPod, command: RedisCommand): Promise<MoveEnd> {
  return { ip, command, id: String(await command('CLUSTER', 'MYID')) };
}

function perform(command: RedisCommand, action: Exclude<Action, MoveAction>): Promise<unknown> {
  switch (action.do) {
    case 'setConfigEpoch':
      return command('CLUSTER', 'SET-CONFIG-EPOCH', action.epoch);
    case 'addSlots':
      return command('CLUSTER', 'ADDSLOTSRANGE', ...action.ranges.flatMap(({ first, last }) => [first, last]));
    case 'bumpEpoch':
      return command('CLUSTER', 'BUMPEPOCH');
    case 'meet':
      return command('CLUSTER', 'MEET', action.ip, PORT);
    case 'takeover':
      return command('CLUSTER', 'FAILOVER', 'TAKEOVER');
    case 'reset':
      return command('CLUSTER', 'RESET', 'HARD');
    case 'failover':
      return command('CLUSTER', 'FAILOVER');
    case 'forget':
      return command('CLUSTER', 'FORGET', action.id);
    case 'replicate':
      return command('CLUSTER', 'REPLICATE', action.primaryId);
    case 'claimSlot':
      return command('CLUSTER', 'SETSLOT', action.slot, 'NODE', action.id);
    case 'closeSlot':
      return command('CLUSTER', 'SETSLOT', action.slot, 'STABLE');
  }
}
