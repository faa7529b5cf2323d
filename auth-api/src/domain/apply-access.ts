import {
  type AccessDifference,
  type AccessDocument,
  type AccessNames,
  accessBy,
  type DocumentFault,
  differenceOf,
  documentOf,
  faultsIn,
  isEmpty,
  mayChangeRoles,
  rolesInCharge,
} from './access-document.ts';
import type { PendingAuditEvent } from './audit.ts';
import type { AccessDocuments } from './ports/access-documents.ts';

export interface AccessPorts {
  readonly accessDocuments: AccessDocuments;
}

/** What applying a document does, or would do. */
export interface AccessPlan {
  readonly difference: AccessDifference;
  /** Of what is deleted, what somebody has. */
  readonly granted: AccessNames;
  /** The document that is there afterwards, or, if it was only asked, now. */
  readonly document: AccessDocument;
}

type Faulty = { readonly kind: 'faulty'; readonly faults: readonly DocumentFault[] };

export type PlannedAccess = ({ readonly kind: 'planned' } & AccessPlan) | Faulty;

export type AppliedAccess =
  | ({ readonly kind: 'applied' } & AccessPlan)
  | Faulty
  | { readonly kind: 'outdated' }
  | { readonly kind: 'stillGranted'; readonly granted: AccessNames }
  | { readonly kind: 'nobodyInCharge' };

export async function planAccess(document: AccessDocument, ports: AccessPorts): Promise<PlannedAccess> {
  const present = await ports.accessDocuments.read();
  const faults = faultsIn(document, present);
  if (faults.length > 0) return { kind: 'faulty', faults };
  const difference = differenceOf(present, accessBy(document, present));
  const granted = await ports.accessDocuments.granted(deletedBy(difference));
  return { kind: 'planned', difference, granted, document: documentOf(present) };
}

export interface Application {
  readonly document: AccessDocument;
  /** Whether what is there is what whoever asks has read. */
  readonly isKnown: (present: AccessDocument) => boolean;
  /** Also what somebody has. */
  readonly deletesGranted: boolean;
  readonly act: PendingAuditEvent;
}

/** Makes what is there what the document says, all of it or nothing. */
export function applyAccess(
  { document, isKnown, deletesGranted, act }: Application,
  ports: AccessPorts,
): Promise<AppliedAccess> {
  return ports.accessDocuments.hold<AppliedAccess>(act, async (held) => {
    if (!isKnown(documentOf(held.present))) return { kind: 'outdated' };
    const faults = faultsIn(document, held.present);
    if (faults.length > 0) return { kind: 'faulty', faults };
    const next = accessBy(document, held.present);
    const difference = differenceOf(held.present, next);
    const granted = await held.granted(deletedBy(difference));
    if (!deletesGranted && granted.permissions.length + granted.roles.length > 0) {
      return { kind: 'stillGranted', granted };
    }
    if (!(await held.isHeld(mayChangeRoles, rolesInCharge(next)))) return { kind: 'nobodyInCharge' };
    if (!isEmpty(difference)) {
      act.about({ details: detailsOf(difference) });
      await held.write(difference);
    }
    return { kind: 'applied', difference, granted, document: documentOf(next) };
  });
}

function deletedBy({ permissions, roles }: AccessDifference): AccessNames {
  return { permissions: permissions.deleted, roles: roles.deleted };
}

/** Names have no blanks. */
function detailsOf({ permissions, roles }: AccessDifference): Record<string, string> {
  const names = {
    permissions_created: permissions.created.map(({ name }) => name),
    permissions_changed: permissions.changed.map(({ name }) => name),
    permissions_deleted: permissions.deleted,
    roles_created: roles.created.map(({ name }) => name),
    roles_changed: roles.changed.map(({ role }) => role.name),
    roles_deleted: roles.deleted,
  };
  const told = Object.entries(names).filter(([, each]) => each.length > 0);
  return Object.fromEntries(told.map(([what, each]) => [what, each.join(' ')]));
}
