import { describe, expect, test } from '@jest/globals';
import { createMetrics } from './metrics.ts';
import { serveHealth } from './server.ts';

describe('metrics', () => {
  test('are there from the start under controller-runtime names, at zero', async () => {
    const metrics = createMetrics({ resources: ['pods'], concurrency: 4 });
    metrics.restClient('api.test');
    const text = await metrics.registry.metrics();
    const queue = 'name="authcluster",controller="authcluster"';
    for (const line of [
      'controller_runtime_reconcile_total{controller="authcluster",result="error"} 0',
      'controller_runtime_reconcile_errors_total{controller="authcluster"} 0',
      'controller_runtime_reconcile_panics_total{controller="authcluster"} 0',
      'controller_runtime_terminal_reconcile_errors_total{controller="authcluster"} 0',
      'controller_runtime_max_concurrent_reconciles{controller="authcluster"} 4',
      'controller_runtime_active_workers{controller="authcluster"} 0',
      'controller_runtime_reconcile_time_seconds_count{controller="authcluster"} 0',
      `workqueue_depth{${queue}} 0`,
      `workqueue_adds_total{${queue}} 0`,
      `workqueue_retries_total{${queue}} 0`,
      `workqueue_queue_duration_seconds_count{${queue}} 0`,
      `workqueue_work_duration_seconds_count{${queue}} 0`,
      `workqueue_unfinished_work_seconds{${queue}} 0`,
      'rest_client_requests_total{code="200",method="PATCH",host="api.test"} 0',
      'rest_client_requests_total{code="<error>",method="GET",host="api.test"} 0',
      'authcluster_operator_writes_total{verb="apply"} 0',
      'authcluster_operator_watch_failures_total{resource="pods"} 0',
    ]) {
      expect(text).toContain(line);
    }
  });
});

describe('health', () => {
  test('says what is wrong, and on readiness alone when only readiness is', async () => {
    const port = 20_000 + (process.pid % 10_000);
    let silent: string | undefined = 'silent: pods';
    const server = await serveHealth(port, {
      live: [['workers', () => undefined]],
      ready: [['watches', () => silent]],
      noted: [['namespaces', () => (silent === undefined ? 'closed: auth' : undefined)]],
    });
    const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
    const ready = await ask('/readyz');
    expect([ready.status, await ready.text()]).toEqual([503, '[-] watches: silent: pods\n']);
    expect((await ask('/healthz')).status).toBe(200);
    silent = undefined;
    const noted = await ask('/readyz');
    expect([noted.status, await noted.text()]).toEqual([200, '[+] watches ok\n[!] namespaces: closed: auth\n']);
    expect((await ask('/else')).status).toBe(404);
    await server.close();
  });
});
