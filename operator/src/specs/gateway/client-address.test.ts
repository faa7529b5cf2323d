import { expect, test } from '@jest/globals';
import { SAMPLES, sampleCluster } from '../../testing/sample-clusters.ts';
import { clientAddress } from './client-address.ts';

test.each(SAMPLES)('the %s sample believes no header that a client may have written', (sample) => {
  expect(clientAddress(sampleCluster(sample)).join('\n')).not.toMatch(/set_real_ip_from|real_ip_header/);
});
