import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { clusterWith, SAMPLE_INPUTS } from '../../testing/sample-clusters.ts';
import { CLUSTER_DASHBOARDS, OPERATOR_DASHBOARD } from './dashboards/grafana.ts';
import { clusterRules, monitoring } from './monitoring.ts';
import { ruleFile } from './prometheus-files.ts';
import type { AlertingRule } from './rule.ts';
import { scopeOf } from './scope.ts';

const RUNBOOKS = resolve(import.meta.dirname, '../../../../docs/runbooks');
const alerts = ruleFile().groups.flatMap(({ rules }) => rules.filter((rule): rule is AlertingRule => 'alert' in rule));
interface PromtoolFile {
  tests: { alert_rule_test?: { alertname: string; exp_alerts: object[] }[] }[];
}

const names = [...new Set(alerts.map(({ alert }) => alert))];

describe('each alert', () => {
  test.each(names)('%s has a page that says what is seen, how to make sure, and what to do', (name) => {
    const page = readFileSync(join(RUNBOOKS, `${name}.md`), 'utf8');
    const headings = page.split('\n').filter((line) => line.startsWith('#'));
    expect(headings).toEqual([`# ${name}`, '## What users see', '## Confirm', '## Do']);
  });

  test('leads to its page, and no page is left over', () => {
    for (const { alert, annotations } of alerts) expect(annotations.runbook_url).toMatch(new RegExp(`/${alert}\\.md$`));
    const pages = readdirSync(RUNBOOKS).filter((file) => file !== 'README.md');
    expect(pages.sort()).toEqual(names.map((name) => `${name}.md`).sort());
  });

  test.each(names)('%s is tested by promtool, where it fires and where it does not', (name) => {
    const folder = resolve(RUNBOOKS, '../../dev/monitoring');
    const cases = readdirSync(folder)
      .flatMap((file) => (parse(readFileSync(join(folder, file), 'utf8')) as PromtoolFile).tests)
      .flatMap(({ alert_rule_test: tests = [] }) => tests)
      .filter(({ alertname }) => alertname === name);
    expect(cases.filter(({ exp_alerts: alerts }) => alerts.length > 0)).not.toEqual([]);
    expect(cases.filter(({ exp_alerts: alerts }) => alerts.length === 0)).not.toEqual([]);
  });
});

describe('the objects for the Prometheus Operator', () => {
  const spec = { monitoring: { enabled: true, labels: { release: 'kps' } } };
  const kindsOf = (cluster: object, prometheusOperator: boolean) =>
    monitoring(clusterWith(cluster), { ...SAMPLE_INPUTS, prometheusOperator }).map(({ kind }) => kind);

  test('are there where it is installed and monitoring is on', () => {
    expect(kindsOf(spec, true)).toEqual(['PodMonitor', 'PrometheusRule', 'ConfigMap']);
    expect(kindsOf(spec, false)).toEqual([]);
    expect(kindsOf({}, true)).toEqual([]);
  });

  test('have the labels that the spec gives them', () => {
    const announced = monitoring(clusterWith(spec), SAMPLE_INPUTS).filter(({ kind }) => kind !== 'ConfigMap');
    for (const { metadata } of announced) {
      expect(metadata.labels).toMatchObject({ release: 'kps', 'app.kubernetes.io/instance': 'acme' });
    }
  });

  test('ask for series of this AuthCluster and no other', () => {
    const own = 'namespace="auth",authcluster="acme"';
    const expressions = [
      ...clusterRules(scopeOf(clusterWith({}))).flatMap(({ rules }) => rules.map(({ expr }) => expr)),
      ...CLUSTER_DASHBOARDS.flatMap(({ panels }) =>
        panels(own).flatMap(({ queries }) => queries.map(([, expr]) => expr)),
      ),
    ];
    for (const expr of expressions) {
      const selectors = expr.match(/\{[^}]*\}/g) ?? [];
      expect(selectors.length).toBeGreaterThan(0);
      for (const selector of selectors) expect(selector).toContain(own);
    }
  });

  test('name each curve by labels that its query keeps', () => {
    const queries = [...CLUSTER_DASHBOARDS, OPERATOR_DASHBOARD].flatMap(({ panels }) =>
      panels('namespace="auth"').flatMap(({ queries }) => queries),
    );
    for (const [legend, expr] of queries) {
      const named = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
      expect(legend).not.toBe('');
      for (const [, kept = ''] of expr.matchAll(/\bby \(([^)]*)\)/g)) {
        expect({ expr, kept: kept.split(', ') }).toEqual({ expr, kept: expect.arrayContaining(named) });
      }
    }
  });

  test('ask for exemplars of what has them, and of nothing else', () => {
    const [, , configMap] = monitoring(clusterWith(spec), SAMPLE_INPUTS);
    const dashboards = Object.values((configMap?.data ?? {}) as Record<string, string>).map(
      (file) => JSON.parse(file) as { panels: { title: string; targets: { exemplar?: boolean }[] }[] },
    );
    const panels = dashboards.flatMap(({ panels }) => panels);
    const asking = panels.filter(({ targets }) => targets.some(({ exemplar }) => exemplar));
    expect(asking.map(({ title }) => title)).toEqual([
      'Durations by operation, p95 (auth API)',
      'Waiting and hashing, p95',
      'Durations of all requests',
    ]);
  });

  test('give each dashboard an identity of its own in a Grafana that several AuthClusters share', () => {
    const identities = ['one', 'two'].flatMap((name) => {
      const [, , configMap] = monitoring(clusterWith(spec, name), SAMPLE_INPUTS);
      const files = Object.values((configMap?.data ?? {}) as Record<string, string>);
      return files.map((file) => (JSON.parse(file) as { uid: string }).uid);
    });
    expect(new Set(identities).size).toBe(2 * CLUSTER_DASHBOARDS.length);
  });
});
