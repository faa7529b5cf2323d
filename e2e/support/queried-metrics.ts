import { readdir, readFile } from 'node:fs/promises';
import { parse } from 'yaml';

const FOLDER = new URL('../../manifests/monitoring/', import.meta.url);

interface Expression {
  expr: string;
}

interface Panel {
  title: string;
  targets: Expression[];
}

/** A panel's title and what it asks for, of every dashboard. */
export async function panelQueries(): Promise<{ title: string; expr: string }[]> {
  const folder = new URL('dashboards/', FOLDER);
  const files = await Promise.all((await readdir(folder)).map((file) => readFile(new URL(file, folder), 'utf8')));
  const panels = files.flatMap((text) => (JSON.parse(text) as { panels: Panel[] }).panels);
  return panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));
}

/** The names of all metrics that rules and dashboards ask for, but those that rules record. */
export async function queriedMetrics(): Promise<Set<string>> {
  const rules = parse(await readFile(new URL('rules.yaml', FOLDER), 'utf8')) as { groups: { rules: Expression[] }[] };
  const expressions = [...rules.groups.flatMap((group) => group.rules), ...(await panelQueries())].map(
    ({ expr }) => expr,
  );
  // Each selector has its braces.
  const names = expressions.flatMap((expr) => [...expr.matchAll(/([a-zA-Z_][\w:]*)\{/g)].map(([, name]) => name ?? ''));
  return new Set(names.filter((name) => !name.includes(':')));
}

/** The names of series that an exposition in Prometheus' text format has, or would have once something happened. */
export function shownMetrics(text: string): Set<string> {
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  return new Set(
    types.flatMap(([, name = '', type]) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [name],
    ),
  );
}
