import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { openApiDocument } from './openapi.ts';
import { routes } from './routes/all.ts';

const document = openApiDocument(routes);

test('the committed document is current: npm run generate -w auth-api', () => {
  const committed: unknown = JSON.parse(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8'));
  expect(JSON.parse(JSON.stringify(document))).toEqual(committed);
});

describe('every route', () => {
  test.each(routes.map((route) => [route.description.operation, route] as const))('%s', (_, { description }) => {
    const inPath = [...description.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(Object.keys(description.parameters ?? {})).toEqual(inPath);
  });

  test('has an operation of its own', () => {
    const operations = routes.map((route) => route.description.operation);
    expect(new Set(operations).size).toBe(operations.length);
  });

  test('refers to schemas that are there', () => {
    const text = JSON.stringify(document);
    const { components } = document as { components: { schemas: object } };
    const referred = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
    expect(Object.keys(components.schemas)).toEqual(expect.arrayContaining(referred));
    expect(text.match(/#\/\$defs/g)).toBeNull();
  });
});
