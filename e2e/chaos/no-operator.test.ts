import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect } from '@jest/globals';
import { chaosClient, HOUR, kill, noteLoad, withoutOperator } from '../support/chaos-cluster.ts';
import { local } from '../support/cluster.ts';
import { clusterTest } from '../support/cluster-test.ts';
import { underMixedLoad } from '../support/data-load.ts';
import { expectUnharmed, failuresOf } from '../support/database.ts';
import { restartPoolers } from '../support/poolers.ts';
import { killPrimary, killPrimaryForGood, stopNodeOfPrimary } from '../support/primary-loss.ts';
import { wholeRedis } from '../support/redis-members.ts';
import { repeatedly, SETTLED_SECONDS } from '../support/repeated.ts';

/** How long the API works without its shared cache before the operator comes back. */
const UNCACHED_SECONDS = 20;
const client = chaosClient();

describe('while no operator runs', () => {
  clusterTest(
    'the primary comes back where its pod may restart',
    () => repeatedly('no operator: primary pod killed', (_, note) => withoutOperator(() => killPrimary(client, note))),
    HOUR,
  );

  clusterTest(
    'another pod takes over where it may not',
    () =>
      repeatedly('no operator: primary pod killed, which may not restart', (_, note) =>
        withoutOperator(() => killPrimaryForGood(client, note)),
      ),
    HOUR,
  );

  clusterTest(
    'poolers are replaced without a failed request',
    () =>
      repeatedly('no operator: pooler restart', (_, note) =>
        withoutOperator(async () => {
          const load = await underMixedLoad(client, restartPoolers);
          noteLoad(note, load);
          expectUnharmed(load);
        }),
      ),
    HOUR,
  );

  clusterTest(
    'a total loss of Redis leaves the API working',
    () =>
      repeatedly('no operator: every Redis pod killed', async (_, note) => {
        await withoutOperator(async () => {
          const load = await underMixedLoad(client, async () => {
            await kill('redis');
            await sleep(UNCACHED_SECONDS * 1000);
          });
          noteLoad(note, load);
          expect(failuresOf(load)).toEqual([]);
          expect(load.writes.lost).toBe(0);
        });
        await wholeRedis(SETTLED_SECONDS);
      }),
    HOUR,
  );

  if (local) {
    clusterTest(
      'the loss of a node is survived',
      () =>
        repeatedly('no operator: node of the primary stopped', async (_, note) => {
          await withoutOperator(() => stopNodeOfPrimary(client, note));
          await wholeRedis(SETTLED_SECONDS);
        }),
      HOUR,
    );
  }
});
