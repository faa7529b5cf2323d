import { afterAll, describe, expect } from '@jest/globals';
import { kubectl } from '../support/cluster.ts';
import { clusterTest } from '../support/cluster-test.ts';
import { guideBlocks, runGuide } from '../support/guide.ts';

const PAGE = '../tutorials/first-authcluster.md';
/** What forwards a port would outlive a step that fails. */
const ENDS_ITS_OWN = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n";

afterAll(() => kubectl.run(['delete', 'namespace', 'tutorial', '--ignore-not-found', '--timeout', '180s']));

async function step(heading: string): Promise<string[]> {
  const blocks = await guideBlocks(PAGE, heading, 'sh');
  expect(blocks.length).toBeGreaterThan(0);
  return blocks;
}

/** Of a command that is to be refused: what it says. */
function refused(command: string): string {
  return `if (${command.trim()}) 2>&1; then exit 3; fi\n`;
}

describe('the tutorial', () => {
  clusterTest(
    'goes from an operator to a user, a change and a failure, as it stands there',
    async () => {
      const [created = '', tooMany = '', watched = ''] = await step('2. The AuthCluster');
      const later = await Promise.all(['3. A user', '4. A change', '5. A failure', '6. Away with it'].map(step));
      const [operator] = await step('1. The operator');
      const commands = [operator, created, refused(tooMany), watched, ...later.flat()].join('');
      const said = await runGuide(ENDS_ITS_OWN + commands);
      expect(said).toMatch(/maxClientConnections/);
      expect(said).toMatch(/"username": "grace"/);
      expect(said).toMatch(/^HTTP\/1\.1 200/m);
      expect(said).toMatch(/"phase":/);
      expect(said).toMatch(/^200$/m);
      expect(said).toMatch(/namespace "tutorial" deleted/);
    },
    900,
  );
});
