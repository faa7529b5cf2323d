/** Writes docs/reference/audit-events.md from the routes. */
import { writeFileSync } from 'node:fs';
import { auditReference } from '../src/http/audit-reference.ts';
import { routes } from '../src/http/routes/all.ts';

writeFileSync(new URL('../../docs/reference/audit-events.md', import.meta.url), auditReference(routes));
