import { z } from 'zod';
import { type AccessDocument, documentOf } from '../../../domain/access-document.ts';
import { type AppliedAccess, applyAccess, planAccess } from '../../../domain/apply-access.ts';
import { contentEtag, isMatch } from '../../etag.ts';
import { type Answer, nobodyInCharge, problem } from '../../problem.ts';
import { bearerRoute, type Route } from '../../route.ts';
import { problemResponse } from '../../schemas.ts';
import {
  accessDifferenceBody,
  accessDifferenceResponse,
  accessDocumentBody,
  accessDocumentOf,
  accessDocumentRequest,
  accessDocumentResponse,
} from './access-document-schemas.ts';

const path = '/v1/admin/access-document';
const mayRead = 'authcluster.roles.read';
const maxBodyKib = 512;

const getAccessDocument = bearerRoute(
  {
    method: 'get',
    path,
    operation: 'get_access_document',
    summary: 'All roles and permissions, as a document to keep, change and apply',
    permission: mayRead,
    answers: { 200: { description: 'The document; its ETag is for If-Match.', schema: accessDocumentResponse } },
  },
  async (_, __, ports) => {
    const document = documentOf(await ports.accessDocuments.read());
    return { status: 200, body: accessDocumentBody(document), headers: { etag: etagOf(document) } };
  },
);

const compareAccessDocument = bearerRoute(
  {
    method: 'post',
    path: `${path}/diff`,
    operation: 'compare_access_document',
    summary: 'What applying a document would create, change and delete',
    body: accessDocumentRequest,
    maxBodyKib,
    isRead: true,
    permission: mayRead,
    answers: {
      200: { description: 'Nothing has changed. The ETag is that of what is there.', schema: accessDifferenceResponse },
    },
  },
  async ({ body }, _, ports) => {
    const planned = await planAccess(accessDocumentOf(body), ports);
    if (planned.kind === 'faulty') return problem('invalid_request', { errors: planned.faults });
    return { status: 200, body: accessDifferenceBody(planned), headers: { etag: etagOf(planned.document) } };
  },
);

const applyAccessDocument = bearerRoute(
  {
    method: 'put',
    path,
    operation: 'apply_access_document',
    summary: 'Make roles and permissions what a document says, all of it or nothing',
    query: z.strictObject({
      delete_granted: z
        .enum(['true', 'false'])
        .default('false')
        .describe('Whether roles and permissions that somebody has may be deleted.'),
    }),
    body: accessDocumentRequest,
    maxBodyKib,
    ifMatch: 'needed',
    needsStepUp: true,
    permission: 'authcluster.roles.write',
    answers: {
      200: { description: 'What was created, changed and deleted.', schema: accessDifferenceResponse },
      409: {
        description: 'Somebody has what would be deleted, or nobody could change roles afterwards.',
        schema: problemResponse,
      },
      412: { description: 'Something has changed since it was read.', schema: problemResponse },
    },
  },
  async ({ body, query, ifMatch, event }, _, ports) => {
    const isKnown = (present: AccessDocument) => isMatch(ifMatch, etagOf(present));
    const deletesGranted = query.delete_granted === 'true';
    return answerTo(
      await applyAccess({ document: accessDocumentOf(body), isKnown, deletesGranted, act: event }, ports),
    );
  },
);

function answerTo(applied: AppliedAccess): Answer {
  switch (applied.kind) {
    case 'applied':
      return { status: 200, body: accessDifferenceBody(applied), headers: { etag: etagOf(applied.document) } };
    case 'faulty':
      return problem('invalid_request', { errors: applied.faults });
    case 'outdated':
      return problem('version_conflict');
    case 'stillGranted': {
      const { roles, permissions } = applied.granted;
      const named = [...roles.map((name) => `role ${name}`), ...permissions.map((name) => `permission ${name}`)];
      return problem('still_granted', { detail: `delete_granted=true would delete ${named.join(', ')}` });
    }
    case 'nobodyInCharge':
      return nobodyInCharge();
  }
}

function etagOf(document: AccessDocument): string {
  return contentEtag(accessDocumentBody(document));
}

export const accessDocumentRoutes: readonly Route[] = [getAccessDocument, compareAccessDocument, applyAccessDocument];
