import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { forwardPort, type GatewayAddress } from '../dev/kubernetes/gateway.ts';
import { installPrometheus, preparePrometheus, removePrometheus } from '../dev/quickstart/monitoring.ts';
import { kubectl, local, NAME, NAMESPACE, readyAuthCluster, SCRAPER_LABELS } from './support/cluster.ts';
import { clusterTest, withDiagnosis } from './support/cluster-test.ts';
import { eventually } from './support/eventually.ts';
import { SET_UP_TIMEOUT_MS } from './support/gateway-client.ts';
import { type Sample, samplesOf } from './support/prometheus.ts';

/** Where the AuthCluster of these tests lets scrapers in; beside the Prometheus of a quick start. */
const PLACE = { namespace: NAMESPACE, podLabels: SCRAPER_LABELS, role: 'authcluster-e2e-prometheus' };
const OPERATOR = 'operator';
const SHOWING = ['auth-api', 'gateway', OPERATOR, 'pooler-ro', 'pooler-rw', 'postgres', 'redis'];
/** Prometheus' image is brought to the nodes of the local cluster alone. */
const localTest = local ? clusterTest : test.skip;

let prometheus: GatewayAddress | undefined;
beforeAll(
  () =>
    withDiagnosis(async () => {
      if (!local) return;
      await readyAuthCluster();
      await preparePrometheus(() => {});
      await installPrometheus(kubectl, PLACE);
      prometheus = await forwardPort(kubectl, NAMESPACE, 'service/prometheus', 9090);
    }),
  SET_UP_TIMEOUT_MS,
);
afterAll(async () => {
  prometheus?.close();
  if (local) await removePrometheus(kubectl, PLACE);
});

async function samples(query: string): Promise<readonly Sample[]> {
  if (prometheus === undefined) throw new Error('Prometheus is there only while the tests of this file run');
  return samplesOf(prometheus.url, query);
}

describe('a Prometheus with the scrape configuration of manifests/monitoring', () => {
  localTest('finds every pod that shows metrics, and is let in by each', async () => {
    await eventually(async () => {
      const targets = [
        ...(await samples(`up{namespace="${NAMESPACE}",authcluster="${NAME}"}`)),
        ...(await samples('up{job="authcluster-operator"}')),
      ].map(({ metric: { component = OPERATOR, pod }, value: [, up] }) => ({ component, pod, up }));
      expect(targets.filter(({ up }) => up !== '1')).toEqual([]);
      expect([...new Set(targets.map(({ component }) => component))].sort()).toEqual(SHOWING);
    }, 180);
  });

  localTest('leaves conditions with the AuthCluster that they are of', async () => {
    const ready = `authcluster_condition{namespace="${NAMESPACE}",name="${NAME}",type="Ready",status="true"} == 1`;
    await eventually(async () => expect(await samples(ready)).not.toEqual([]), 60);
  });
});
