import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { parse } from 'yaml';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

const crd = parse(readFileSync(new URL('../../../crds/authclusters.yaml', import.meta.url), 'utf8')) as {
  spec: { versions: { schema: { openAPIV3Schema: Schema } }[] };
};

/** What the API server's strict validation refuses of an AuthCluster, its rules (CEL) apart: paths with what is wrong. */
export function crdErrors(resource: unknown): string[] {
  const schema = crd.spec.versions[0]?.schema.openAPIV3Schema;
  if (schema === undefined) throw new Error('the CRD has no version');
  // Formats of Kubernetes (int32) and the patterns of RE2 are not all known to JSON Schema.
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, unicodeRegExp: false });
  const isValid = ajv.compile(closed(schema));
  if (isValid(resource)) return [];
  return (isValid.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** JSON Schema lets fields pass that it does not name. */
function closed(schema: Schema): object {
  const { properties, items } = schema;
  const inner = {
    ...(items === undefined ? {} : { items: closed(items) }),
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, closed(part)])) }),
  };
  const isOpen = properties === undefined || schema['x-kubernetes-preserve-unknown-fields'] === true;
  return { ...schema, ...inner, ...(isOpen ? {} : { additionalProperties: false }) };
}
