import { describe, expect } from '@jest/globals';
import {
  chaosClient,
  HOUR,
  kill,
  LOGINS_BACK_SECONDS,
  loginsBackAfter,
  SETTLED_SECONDS,
} from '../support/chaos-cluster.ts';
import { local } from '../support/cluster.ts';
import { clusterTest } from '../support/cluster-test.ts';
import { settled } from '../support/database.ts';
import { killPrimary, stopNodeOfPrimary } from '../support/primary-loss.ts';
import { repeatedly } from '../support/repeated.ts';

const client = chaosClient();

describe('the loss of', () => {
  clusterTest(
    'the primary pod',
    () =>
      repeatedly('primary pod killed', async () => {
        const measured = await killPrimary(client);
        await settled(SETTLED_SECONDS);
        return measured;
      }),
    HOUR,
  );

  clusterTest(
    'every pod of the data tier at once',
    () =>
      repeatedly('every pod of the data tier killed at once', async () => {
        const back = await loginsBackAfter(client, () => kill('postgres', 'pooler-rw', 'pooler-ro', 'redis'));
        expect(back).toBeLessThan(LOGINS_BACK_SECONDS);
        await settled(SETTLED_SECONDS);
        return { 'logins back after': back };
      }),
    HOUR,
  );

  // Nodes of another cluster are nobody's to stop from here.
  if (local) {
    clusterTest(
      'the node of the primary',
      () =>
        repeatedly('node of the primary stopped', async () => {
          const measured = await stopNodeOfPrimary(client);
          await settled(SETTLED_SECONDS);
          return measured;
        }),
      HOUR,
    );
  }
});
