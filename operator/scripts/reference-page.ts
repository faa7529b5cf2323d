import { type Crd, property, type Schema } from './crd-schema.ts';
import { conditionNotes, connectionBudgetNotes, resourceDefaults } from './reference-notes.ts';

/** docs/reference/authcluster.md: one table per object, then the rules between fields, the columns and the status. */
export function referencePage(crd: Crd): string {
  const [version] = crd.spec.versions;
  if (version === undefined) throw new Error('the CRD has no version');
  const root = version.schema.openAPIV3Schema;
  const { kind, shortNames } = crd.spec.names;
  const lines = [
    `# ${kind} reference`,
    '',
    `<!-- Generated from crds/authclusters.yaml by \`npm run generate -w operator\`. -->`,
    '',
    `\`apiVersion: ${crd.spec.group}/${version.name}\`, \`kind: ${kind}\`, short name \`${shortNames.join('`, `')}\`. ${text(root)}`,
    '',
    ...objectSections(property(root, 'spec'), 'spec', 2),
    '## Rules between fields',
    '',
    'The API server refuses an AuthCluster that breaks one of these.',
    '',
    '| Field | Rule |',
    '| --- | --- |',
    ...rulesOf(root, '').map(({ field, message }) => `| \`${field}\` | ${cell(message)} |`),
    '',
    ...resourceDefaults(),
    ...connectionBudgetNotes(),
    ...objectSections(property(root, 'status'), 'status', 2),
    ...conditionNotes(),
    '## Columns of `kubectl get authclusters`',
    '',
    '| Column | From | Meaning |',
    '| --- | --- | --- |',
    ...version.additionalPrinterColumns.map(
      ({ name, jsonPath, description, priority }) =>
        `| ${name}${priority === undefined ? '' : ' (`-o wide`)'} | \`${jsonPath}\` | ${cell(description ?? '')} |`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** These look the same in every tier: their own tables are shown once. */
const SHOWN_ONCE: ReadonlySet<string> = new Set(['resources', 'scheduling']);
const SHOWN_AT = 'spec.api';

/** The object's own table, then those of the objects inside it. */
function objectSections(schema: Schema, path: string, level: number): string[] {
  const entries = Object.entries(schema.properties ?? {});
  const nested = entries.flatMap(([name, part]) => {
    if (SHOWN_ONCE.has(name) && path !== SHOWN_AT) return [];
    if (part.properties !== undefined) return objectSections(part, `${path}.${name}`, 3);
    if (part.items?.properties !== undefined) return objectSections(part.items, `${path}.${name}[]`, 3);
    return [];
  });
  const inStatus = path.startsWith('status');
  return [
    `${'#'.repeat(level)} \`${path}\``,
    '',
    text(schema),
    '',
    inStatus ? '| Field | Type | Meaning |' : '| Field | Type | Default | Meaning |',
    inStatus ? '| --- | --- | --- |' : '| --- | --- | --- | --- |',
    ...entries.map(([name, part]) => {
      const cells = [`\`${name}\``, typeAndBounds(part)];
      if (!inStatus) cells.push(defaultOf(part, schema.required?.includes(name) ?? false));
      return `| ${[...cells, cell(text(part))].join(' | ')} |`;
    }),
    '',
    ...nested,
  ];
}

function typeAndBounds(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema['x-kubernetes-int-or-string'] === true) return 'quantity';
  if (schema.type === 'array') return `list of ${schema.items?.type}${bounds('up to', schema.maxItems)}`;
  if (schema.additionalProperties !== undefined) {
    return `map to ${schema.additionalProperties.type}${bounds('up to', schema.maxProperties)}`;
  }
  if (schema.type === 'integer') return `integer${range(schema.minimum, schema.maximum)}`;
  if (schema.type === 'string') {
    const pattern = schema.pattern === undefined ? '' : `, like \`${schema.pattern.replaceAll('|', '\\|')}\``;
    return `string${bounds('up to', schema.maxLength)}${pattern}`;
  }
  return schema.type ?? '';
}

function range(minimum: number | undefined, maximum: number | undefined): string {
  if (minimum === undefined && maximum === undefined) return '';
  return `, ${minimum ?? ''} to ${maximum ?? ''}`;
}

function bounds(words: string, bound: number | undefined): string {
  return bound === undefined ? '' : `, ${words} ${bound}`;
}

function defaultOf(schema: Schema, required: boolean): string {
  if (required) return 'required';
  if (schema.default === undefined) return '';
  if (Array.isArray(schema.default)) return `\`${schema.default.join(', ')}\``;
  if (typeof schema.default === 'object') return '';
  return `\`${String(schema.default)}\``;
}

function rulesOf(schema: Schema, path: string): { field: string; message: string }[] {
  const own = (schema['x-kubernetes-validations'] ?? []).map(({ message, messageExpression, fieldPath }) => ({
    field: `${path}${fieldPath ?? ''}`.replace(/^\./, '').replace(/(resources|scheduling)\b/, '$1 (of every tier)'),
    message: message ?? sentence(messageExpression ?? ''),
  }));
  const inside = Object.entries(schema.properties ?? {}).flatMap(([name, part]) =>
    SHOWN_ONCE.has(name) && path !== `.${SHOWN_AT}` ? [] : rulesOf(part, `${path}.${name}`),
  );
  const items = schema.items === undefined ? [] : rulesOf(schema.items, `${path}[]`);
  return [...own, ...inside, ...items];
}

/** A CEL expression of texts and fields as a sentence: `'leave size at ' + oldSelf.size` -> `leave size at <size>`. */
function sentence(expression: string): string {
  return expression
    .split(/\s*\+\s*/)
    .map((part) => /^'(.*)'$/.exec(part)?.[1] ?? `<${part.split('.').at(-1)}>`)
    .join('')
    .replace('<self>', '<value>')
    .trim();
}

function text(schema: Schema): string {
  return (schema.description ?? '').trim();
}

function cell(content: string): string {
  return content.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');
}
