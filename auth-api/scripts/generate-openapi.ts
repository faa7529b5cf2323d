/** Writes openapi.json: the document that the API serves, for clients that are generated from it. */
import { writeFileSync } from 'node:fs';
import { openApiDocument } from '../src/http/openapi.ts';
import { routes } from '../src/http/routes/all.ts';

const target = new URL('../openapi.json', import.meta.url);
writeFileSync(target, `${JSON.stringify(openApiDocument(routes), null, 2)}\n`);
