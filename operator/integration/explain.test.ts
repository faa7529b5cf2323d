import { describe, expect, test } from '@jest/globals';
import { accessTo } from './harness/control-plane.ts';
import { sharedControlPlane } from './harness/shared-control-plane.ts';

/** What the API server publishes of a field: `kubectl explain` reads nothing else. */
interface Published {
  description?: string;
  default?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  properties?: Record<string, Published>;
  items?: Published;
  additionalProperties?: Published;
}

interface Field {
  path: string;
  schema: Published;
}

/** A screen of `kubectl explain`. */
const LONGEST_DESCRIPTION = 700;
const admin = accessTo(sharedControlPlane(), 'admin');

async function published(): Promise<Published> {
  const path = '/openapi/v3/apis/authcluster.dev/v1alpha1';
  const { components } = (await admin.send({ method: 'GET', path })) as {
    components: { schemas: Record<string, Published> };
  };
  const schema = components.schemas['dev.authcluster.v1alpha1.AuthCluster'];
  if (schema === undefined) throw new Error('the API server publishes no schema of AuthCluster');
  return schema;
}

function fieldsIn({ properties, items, additionalProperties }: Published, path: string): Field[] {
  const inside = Object.entries(properties ?? {}).flatMap(([name, schema]) => [
    { path: `${path}.${name}`, schema },
    ...fieldsIn(schema, `${path}.${name}`),
  ]);
  // Items and values of a map have no line of their own in `kubectl explain`; what is in them has.
  const within = [items, additionalProperties].flatMap((part) =>
    part === undefined ? [] : fieldsIn(part, `${path}[]`),
  );
  return [...inside, ...within];
}

async function fields(): Promise<Field[]> {
  const { properties } = await published();
  return ['spec', 'status'].flatMap((path) => {
    const schema = properties?.[path];
    if (schema === undefined) throw new Error(`no ${path} is published`);
    return [{ path, schema }, ...fieldsIn(schema, path)];
  });
}

/** Values that a description says something of each: `Publishing: pods read the new key.` */
function valuesTold(description: string): string[] {
  return [...description.matchAll(/(?:^|[.] )([A-Z]\w+):/g)].map(([, value = '']) => value);
}

describe('each field that kubectl explains', () => {
  test('has a description, in sentences, that fits on a screen', async () => {
    const all = await fields();
    expect(all.length).toBeGreaterThan(300);
    const wrong = all.filter(
      ({ schema: { description = '' } }) => !description.endsWith('.') || description.length > LONGEST_DESCRIPTION,
    );
    expect(wrong.map(({ path, schema }) => `${path}: ${schema.description}`)).toEqual([]);
  });

  test('with values to choose from has one of them for its default, and tells of no other', async () => {
    const choices = (await fields()).filter(({ schema }) => schema.enum !== undefined);
    expect(choices.length).toBeGreaterThan(20);
    const wrong = choices.flatMap(({ path, schema }) => {
      const told = [...valuesTold(schema.description ?? ''), ...(schema.default === undefined ? [] : [schema.default])];
      return told.filter((value) => !schema.enum?.includes(value)).map((value) => `${path}: ${value}`);
    });
    expect(wrong).toEqual([]);
  });

  test('with bounds has its default within them', async () => {
    const bounded = (await fields()).filter(({ schema }) => typeof schema.default === 'number');
    expect(bounded.length).toBeGreaterThan(30);
    const wrong = bounded.filter(
      ({ schema: { default: value, minimum = -Infinity, maximum = Infinity } }) =>
        Number(value) < minimum || Number(value) > maximum,
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});
