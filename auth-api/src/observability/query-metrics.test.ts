import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { observeQueries } from './query-metrics.ts';

test('statements are counted by the pool they ran in, from the start', async () => {
  const registry = new Registry();
  const pools = observeQueries(registry);
  const primary = pools('primary');
  pools('replicas');
  primary(0.002);
  primary(0.004);
  const text = await registry.metrics();
  expect(text).toContain('postgres_query_duration_seconds_sum{pool="primary"} 0.006');
  expect(text).toContain('postgres_query_duration_seconds_bucket{le="0.0025",pool="primary"} 1');
  expect(text).toContain('postgres_query_duration_seconds_count{pool="replicas"} 0');
});
