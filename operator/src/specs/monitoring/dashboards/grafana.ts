import { CHOSEN_CLUSTER, type Scope } from '../scope.ts';
import { CACHES } from './caches.ts';
import type { Dashboard, Panel } from './dashboard.ts';
import { HASHING } from './hashing.ts';
import { LOAD_TEST } from './load-test.ts';
import { OPERATOR } from './operator.ts';
import { OVERVIEW } from './overview.ts';
import { POSTGRES } from './postgres.ts';
import { REDIS } from './redis.ts';

/** About one AuthCluster each. */
export const CLUSTER_DASHBOARDS: readonly Dashboard[] = [OVERVIEW, HASHING, CACHES, POSTGRES, REDIS, LOAD_TEST];
export const OPERATOR_DASHBOARD = OPERATOR;

/** Of Grafana's 24 columns. */
const PANEL_WIDTH = 12;
const PANEL_HEIGHT = 8;

export interface GrafanaOptions {
  scope: Scope;
  /** Unique within a Grafana, at most 40 characters. */
  uid: string;
  title: string;
}

/** Grafana's JSON model of a dashboard; whoever looks chooses the data source and, with CHOSEN_CLUSTER, the AuthCluster. */
export function grafanaDashboard({ panels }: Dashboard, { scope, uid, title }: GrafanaOptions): object {
  const choice =
    scope === CHOSEN_CLUSTER ? [choose('namespace', ''), choose('authcluster', 'namespace="$namespace"')] : [];
  return {
    uid,
    title,
    tags: ['authcluster'],
    schemaVersion: 39,
    editable: false,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: { list: [{ name: 'datasource', type: 'datasource', query: 'prometheus' }, ...choice] },
    panels: panels(scope).map(grafanaPanel),
  };
}

/** A variable with the values that a label has where something is known of an AuthCluster. */
function choose(label: string, selector: string): object {
  const query = `label_values(process_start_time_seconds{authcluster!=""${selector && `,${selector}`}}, ${label})`;
  return { name: label, type: 'query', datasource: DATA_SOURCE, query, refresh: 2, sort: 1 };
}

/** Histograms whose buckets name a trace, while api.tracing is on: Grafana asks for exemplars only where it is told to. */
const WITH_EXEMPLARS = /\b(auth_duration|password_hashing)_seconds_bucket\b/;

const DATA_SOURCE = { type: 'prometheus', uid: '$datasource' };

function grafanaPanel({ title, unit, queries }: Panel, index: number): object {
  return {
    id: index + 1,
    type: 'timeseries',
    title,
    datasource: DATA_SOURCE,
    gridPos: {
      x: (index % 2) * PANEL_WIDTH,
      y: Math.floor(index / 2) * PANEL_HEIGHT,
      w: PANEL_WIDTH,
      h: PANEL_HEIGHT,
    },
    fieldConfig: { defaults: { unit, min: 0, custom: { fillOpacity: 10, showPoints: 'never' } }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets: queries.map(([legendFormat, expr], at) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + at),
      datasource: DATA_SOURCE,
      expr,
      legendFormat,
      ...(WITH_EXEMPLARS.test(expr) ? { exemplar: true } : {}),
    })),
  };
}
