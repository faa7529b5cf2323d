import { readCrd, type Schema } from '../../scripts/crd-schema.ts';

/** A rule between fields of the definition (CEL). */
export interface DefinitionRule {
  /** Where it stands for the first time: one that several tiers share is one rule. */
  field: string;
  /** What every answer that it causes has, in this order: a message as it stands, or the texts of an expression. */
  texts: readonly string[];
}

type Validation = NonNullable<Schema['x-kubernetes-validations']>[number];

/** Each rule of the definition once. */
export async function definitionRules(): Promise<DefinitionRule[]> {
  const crd = await readCrd(new URL('../../../crds/authclusters.yaml', import.meta.url).pathname);
  const [version] = crd.spec.versions;
  if (version === undefined) throw new Error('the CRD has no version');
  const rules = new Map<string, DefinitionRule>();
  for (const { field, validation } of validationsIn(version.schema.openAPIV3Schema, '')) {
    const { rule, message, messageExpression } = validation;
    const key = JSON.stringify([rule, message, messageExpression]);
    if (!rules.has(key)) rules.set(key, { field, texts: textsOf(validation) });
  }
  return [...rules.values()];
}

function validationsIn(schema: Schema, path: string): { field: string; validation: Validation }[] {
  const own = (schema['x-kubernetes-validations'] ?? []).map((validation) => ({
    field: `${path}${validation.fieldPath ?? ''}`.replace(/^[.]/, ''),
    validation,
  }));
  const { items, additionalProperties } = schema;
  const parts: [string, Schema][] = Object.entries(schema.properties ?? {}).map(([name, part]) => [`.${name}`, part]);
  if (items !== undefined) parts.push(['[]', items]);
  if (additionalProperties !== undefined) parts.push(['{}', additionalProperties]);
  return [...own, ...parts.flatMap(([name, part]) => validationsIn(part, `${path}${name}`))];
}

/** Where there are both, the API server answers with the expression. */
function textsOf({ message = '', messageExpression }: Validation): string[] {
  if (messageExpression === undefined) return [message.trim()];
  return [...messageExpression.matchAll(/'([^']*)'/g)].map(([, text = '']) => text);
}

export function tells(answer: string, { texts }: DefinitionRule): boolean {
  let from = 0;
  return texts.every((text) => {
    const at = answer.indexOf(text, from);
    from = at + text.length;
    return at >= 0;
  });
}
