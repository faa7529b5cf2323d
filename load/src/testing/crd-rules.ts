import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

interface Schema {
  'x-kubernetes-validations'?: { rule: string; message?: string }[];
  properties?: Record<string, Schema>;
}

/** A rule of the AuthCluster resource, as a function of what it stands on. */
export interface CrdRule {
  readonly message: string;
  readonly holds: (self: unknown) => boolean;
}

const crd = parse(readFileSync(new URL('../../../crds/authclusters.yaml', import.meta.url), 'utf8')) as {
  spec: { versions: { schema: { openAPIV3Schema: Schema } }[] };
};

/**
 * The rules on a part of spec (`spec`, `spec.postgres`) whose message speaks of `topic`. They are evaluated as the
 * JavaScript that arithmetic CEL happens to be, with the few functions they use.
 */
export function crdRules(path: string, topic: RegExp): CrdRule[] {
  const root: Schema | undefined = crd.spec.versions[0]?.schema.openAPIV3Schema;
  const schema = path.split('.').reduce((parent, name) => parent?.properties?.[name], root);
  return (schema?.['x-kubernetes-validations'] ?? [])
    .filter(({ message }) => topic.test(message ?? ''))
    .map(({ rule, message = '' }) => {
      const script = rule.replaceAll(/\.matches\(/g, '.match(').replaceAll(/has\(([^()]+)\)/g, '(($1) !== undefined)');
      const evaluate = new Function('self', 'int', `return Boolean(${script});`);
      return { message, holds: (self) => evaluate(self, Number) as boolean };
    });
}
