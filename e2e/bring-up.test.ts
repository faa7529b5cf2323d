import { describe, expect } from '@jest/globals';
import { local, readyAuthCluster } from './support/cluster.ts';
import { clusterTest } from './support/cluster-test.ts';
import { deleteNamespace } from './support/namespace.ts';
import { READY_BAR_SECONDS } from './support/patience.ts';

/** Elsewhere it is the registry that is measured. */
(local ? describe : describe.skip)('the development sample', () => {
  clusterTest(
    'is Ready soon after it was applied, with images on the nodes',
    async () => {
      await deleteNamespace();
      const started = performance.now();
      await readyAuthCluster();
      const seconds = (performance.now() - started) / 1000;
      process.stdout.write(`the development sample was Ready after ${seconds.toFixed(1)} s\n`);
      expect(seconds).toBeLessThan(READY_BAR_SECONDS);
    },
    900,
  );
});
