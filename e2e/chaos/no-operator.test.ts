import { describe, expect } from '@jest/globals';
import { chaosClient, HOUR, kill, SETTLED_SECONDS, withoutOperator } from '../support/chaos-cluster.ts';
import { local } from '../support/cluster.ts';
import { clusterTest } from '../support/cluster-test.ts';
import { underMixedLoad } from '../support/data-load.ts';
import { expectUnharmed, settled } from '../support/database.ts';
import { restartPoolers } from '../support/poolers.ts';
import { killPrimary, killPrimaryForGood, stopNodeOfPrimary } from '../support/primary-loss.ts';
import { repeatedly } from '../support/repeated.ts';

const client = chaosClient();

describe('while no operator runs', () => {
  clusterTest(
    'the primary comes back where its pod may restart',
    () => withoutOperator(() => repeatedly('no operator: primary pod killed', () => killPrimary(client))),
    HOUR,
  );

  clusterTest(
    'another pod takes over where it may not',
    () =>
      repeatedly('no operator: primary pod killed, which may not restart', async () => {
        let measured = {};
        await withoutOperator(async () => {
          measured = await killPrimaryForGood(client);
        });
        return measured;
      }),
    HOUR,
  );

  clusterTest(
    'poolers are replaced without a failed request',
    () =>
      withoutOperator(() =>
        repeatedly('no operator: pooler restart', async () => {
          const load = await underMixedLoad(client, restartPoolers);
          expectUnharmed(load);
          return { 'longest pause of writes': load.writes.gapSeconds };
        }),
      ),
    HOUR,
  );

  clusterTest(
    'a total loss of Redis leaves the API working',
    () =>
      repeatedly('no operator: every Redis pod killed', async () => {
        const startedMs = Date.now();
        await withoutOperator(async () => {
          const { checks, logins, writes } = await underMixedLoad(client, async () => {
            await kill('redis');
          });
          expect([...checks.failures, ...logins.failures, ...writes.failures]).toEqual([]);
        });
        await settled(SETTLED_SECONDS);
        return { 'whole again after': (Date.now() - startedMs) / 1000 };
      }),
    HOUR,
  );

  if (local) {
    clusterTest(
      'the loss of a node is survived',
      () =>
        repeatedly('no operator: node of the primary stopped', async () => {
          let measured = {};
          await withoutOperator(async () => {
            measured = await stopNodeOfPrimary(client);
          });
          return measured;
        }),
      HOUR,
    );
  }
});
