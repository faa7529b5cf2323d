import { isMap, isScalar, type Pair, parseDocument } from 'yaml';

interface Row {
  value: string;
  defaultValue: string;
  meaning: string;
}

/**
 * The chart's README: its values as a table, each with the comment above it in values.yaml.
 * A value without a comment of its own has that of the block it stands in.
 */
export function chartReadme(valuesYaml: string): string {
  const { contents } = parseDocument(valuesYaml);
  if (!isMap(contents)) throw new Error('values.yaml is not a map');
  // The comment above the first value belongs to the document, not to the value.
  const first = parseDocument(valuesYaml).commentBefore ?? '';
  const rows = contents.items.flatMap((pair, index) => rowsOf(pair, '', index === 0 ? first : ''));
  return `${HEADER}\n${rows.map(tableLine).join('\n')}\n`;
}

const HEADER = `# authcluster-operator

The Helm chart of the AuthCluster operator. From a checkout:

\`\`\`sh
helm upgrade --install authcluster-operator helm/authcluster-operator \\
  --namespace authcluster-system --create-namespace --wait
\`\`\`

The definition of AuthCluster comes with the first installation; where there is an older one, a Job applies this one first
(\`crds.upgrade\`). Uninstalling the chart leaves the definition, and with it every AuthCluster, where it is.
[Upgrade](../../docs/how-to/upgrade.md) and [GitOps](../../docs/how-to/gitops.md) tell more.

An empty image reference means \`ghcr.io/authcluster/<name>:<appVersion>\`, the chart's own release.

## Values

<!-- Generated from values.yaml by \`make generate\`. -->
| Value | Default | Meaning |
| --- | --- | --- |`;

function rowsOf(pair: Pair, prefix: string, inherited: string): Row[] {
  if (!isScalar(pair.key)) throw new Error(`a key under "${prefix}" is not a scalar`);
  const key = String(pair.key.value);
  const path = prefix === '' ? key : `${prefix}.${key}`;
  const comment = meaning(pair.key.commentBefore ?? '') || meaning(inherited);
  if (isMap(pair.value) && pair.value.items.length > 0) {
    // Inside a block, the first value's comment is the block's: yaml hands it to the map.
    const ofFirst = pair.value.commentBefore ?? '';
    return pair.value.items.flatMap((child, index) => rowsOf(child, path, index === 0 && ofFirst ? ofFirst : comment));
  }
  const defaultValue = JSON.stringify(isScalar(pair.value) ? pair.value.value : (pair.value as never));
  return [{ value: path, defaultValue, meaning: comment }];
}

function meaning(comment: string): string {
  return comment
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
    .trim();
}

function tableLine({ value, defaultValue, meaning: text }: Row): string {
  return `| \`${value}\` | \`${defaultValue}\` | ${text.replaceAll('|', '\\|').replace(/<(\w+)>/g, '`$1`')} |`;
}
