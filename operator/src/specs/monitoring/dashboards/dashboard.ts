import type { Scope } from '../scope.ts';

/** Grafana's units of an axis. */
export type Unit = 's' | 'reqps' | 'ops' | 'percentunit' | 'bytes' | 'short';

/** What one curve, or one for each label set, shows: its legend in Grafana's form, and the query. */
export type Query = readonly [legend: string, expr: string];

export interface Panel {
  title: string;
  unit: Unit;
  queries: readonly Query[];
}

/** A page of graphs about one AuthCluster, or about the operator. */
export interface Dashboard {
  /** In names of files and in links. */
  slug: string;
  title: string;
  panels: (scope: Scope) => readonly Panel[];
}

/** Of a counter, per second, over as long as the graph's resolution asks for. */
export function rate(metric: string, selector: string): string {
  return `rate(${metric}{${selector}}[$__rate_interval])`;
}

/** Of a histogram, by these labels. */
export function quantile(share: number, metric: string, selector: string, ...by: readonly string[]): string {
  return `histogram_quantile(${share}, sum by (${['le', ...by].join(', ')}) (${rate(`${metric}_bucket`, selector)}))`;
}
