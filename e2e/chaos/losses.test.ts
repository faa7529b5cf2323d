import { describe } from '@jest/globals';
import { chaosClient, HOUR } from '../support/chaos-cluster.ts';
import { local } from '../support/cluster.ts';
import { clusterTest } from '../support/cluster-test.ts';
import { killDataTier } from '../support/data-tier-loss.ts';
import { settled } from '../support/database.ts';
import { killPrimary, killPrimaryForGood, stopNodeOfPrimary } from '../support/primary-loss.ts';
import { wholeRedis } from '../support/redis-members.ts';
import { repeatedly, SETTLED_SECONDS } from '../support/repeated.ts';

const client = chaosClient();

describe('the loss of', () => {
  clusterTest(
    'the primary pod',
    () =>
      repeatedly('primary pod killed', async (_, note) => {
        await killPrimary(client, note);
        await settled(SETTLED_SECONDS);
      }),
    HOUR,
  );

  clusterTest(
    'the primary pod, which may not restart',
    () =>
      repeatedly('primary pod killed, which may not restart', async (_, note) => {
        await killPrimaryForGood(client, note);
        await settled(SETTLED_SECONDS);
      }),
    HOUR,
  );

  clusterTest(
    'every pod of the data tier at once',
    () => repeatedly('every pod of the data tier killed at once', (_, note) => killDataTier(client, note)),
    HOUR,
  );

  // Nodes of another cluster are nobody's to stop from here.
  if (local) {
    clusterTest(
      'the node of the primary',
      () =>
        repeatedly('node of the primary stopped', async (_, note) => {
          await stopNodeOfPrimary(client, note);
          await wholeRedis(SETTLED_SECONDS);
          await settled(SETTLED_SECONDS);
        }),
      HOUR,
    );
  }
});
