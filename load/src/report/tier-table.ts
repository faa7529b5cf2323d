import type { RunResult } from '../run/run-result.ts';
import { escapeHtml } from './escape-html.ts';

/** CPU of each tier that was seen, beside the planner's model. */
export function tierTable({ totals }: RunResult): string {
  const { apiCpuCores, predictedApiCpuCores, tierCores = {} } = totals;
  const api: [string, number, number][] =
    apiCpuCores === undefined || predictedApiCpuCores === undefined
      ? []
      : [['auth-api', apiCpuCores, predictedApiCpuCores]];
  const others = Object.entries(tierCores).map(
    ([tier, { measured, predicted }]) => [tier, measured, predicted] as const,
  );
  const rows = [...api, ...others].map(
    ([tier, measured, predicted]) =>
      `<tr><td>${escapeHtml(tier)}</td><td>${measured.toFixed(3)}</td><td>${predicted.toFixed(3)}</td></tr>`,
  );
  if (rows.length === 0) return '';
  return (
    `<div class="panel"><table><tr><th>CPU in cores</th><th>Measured</th><th>Modelled</th></tr>${rows.join('')}</table>` +
    `<p class="soft">The model leaves out what a tier beside the auth API does while idle.</p></div>`
  );
}
