import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

/** The part of a structural schema (apiextensions.k8s.io/v1) that this project's CRD uses. */
export interface Schema {
  type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  description?: string;
  default?: unknown;
  enum?: unknown[];
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  minProperties?: number;
  maxProperties?: number;
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  items?: Schema;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-validations'?: { rule: string; message?: string; messageExpression?: string; fieldPath?: string }[];
}

export interface Crd {
  spec: {
    group: string;
    names: { kind: string; plural: string; shortNames: string[] };
    versions: {
      name: string;
      additionalPrinterColumns: { name: string; jsonPath: string; description?: string; priority?: number }[];
      schema: { openAPIV3Schema: Schema };
    }[];
  };
}

export async function readCrd(path: string): Promise<Crd> {
  return parse(await readFile(path, 'utf8')) as Crd;
}

/** The property of an object schema; throws where the CRD no longer has it. */
export function property(schema: Schema, name: string): Schema {
  const found = schema.properties?.[name];
  if (found === undefined) throw new Error(`the CRD has no property ${name} where one is expected`);
  return found;
}
