import { type Dashboard, quantile, rate } from './dashboard.ts';

/** What caches answer, by type, and what happens where they cannot. */
export const CACHES: Dashboard = {
  slug: 'caches',
  title: 'Caches',
  panels: (scope) => {
    const lookups = (selector: string) => `sum by (operation) (${rate('cache_operations_total', selector)})`;
    return [
      {
        title: 'Hit ratio by type',
        unit: 'percentunit',
        queries: [['{{operation}}', `${lookups(`${scope},result="hit"`)} / ${lookups(scope)}`]],
      },
      {
        title: 'Lookups by result',
        unit: 'ops',
        queries: [['{{result}}', `sum by (result) (${rate('cache_operations_total', scope)})`]],
      },
      {
        title: 'From a change until it is dropped everywhere, p99',
        unit: 's',
        queries: [['{{kind}}', quantile(0.99, 'cache_invalidation_delay_seconds', scope, 'kind')]],
      },
      {
        title: 'Reads that a replica may answer, by who did',
        unit: 'ops',
        queries: [['{{source}}', `sum by (source) (${rate('split_reads_total', scope)})`]],
      },
      {
        title: 'Breakers that are not closed',
        unit: 'short',
        queries: [
          ['{{dependency}} {{state}}', `sum by (dependency, state) (circuit_breaker_state{${scope},state!="closed"})`],
        ],
      },
      {
        title: 'Limits that a pod decided alone',
        unit: 'ops',
        queries: [['limits', `sum(${rate('rate_limit_fallbacks_total', scope)})`]],
      },
    ];
  },
};
