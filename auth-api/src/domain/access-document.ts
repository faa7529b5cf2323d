import { administratorRole } from './administration.ts';

/** What may be granted, as a document: everything but who has it. */
export interface AccessDocument {
  readonly permissions: readonly PermissionDefinition[];
  readonly roles: readonly RoleDefinition[];
}

export interface PermissionDefinition {
  readonly name: string;
  readonly description: string;
}

export interface RoleDefinition {
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly string[];
  readonly requiresSecondFactor: boolean;
}

export interface RoleChange {
  /** As it will be. */
  readonly role: RoleDefinition;
  readonly isRedescribed: boolean;
  readonly isSecondFactorChanged: boolean;
  readonly permissionsAdded: readonly string[];
  readonly permissionsRemoved: readonly string[];
}

/** What makes one document of another. */
export interface AccessDifference {
  readonly permissions: {
    readonly created: readonly PermissionDefinition[];
    readonly changed: readonly PermissionDefinition[];
    readonly deleted: readonly string[];
  };
  readonly roles: {
    readonly created: readonly RoleDefinition[];
    readonly changed: readonly RoleChange[];
    readonly deleted: readonly string[];
  };
}

export interface AccessNames {
  readonly permissions: readonly string[];
  readonly roles: readonly string[];
}

/** Where in a document (RFC 6901), and what. */
export interface DocumentFault {
  readonly pointer: string;
  readonly detail: string;
}

/** Who holds it can repair whatever else a document does. */
export const mayChangeRoles = 'authcluster.roles.write';

/** A release of the service brings these, and another one may bring more: no document has them. */
function isOfService(permission: string): boolean {
  return permission.startsWith('authcluster.');
}

/**
 * The document of all that is there. The service's permissions are not in it, nor that administrators have them, so that it
 * stays the same when a release brings more; that another role has them is.
 */
export function documentOf({ permissions, roles }: AccessDocument): AccessDocument {
  return {
    permissions: byName(permissions.filter(({ name }) => !isOfService(name))),
    roles: byName(roles).map((role) => ({
      ...role,
      permissions: role.permissions.filter((each) => role.name !== administratorRole || !isOfService(each)).toSorted(),
    })),
  };
}

/** What will be there by a document. What the service needs stays, whether the document has it or not. */
export function accessBy({ permissions, roles }: AccessDocument, present: AccessDocument): AccessDocument {
  const administrator = present.roles.find(({ name }) => name === administratorRole);
  const needed = administrator?.permissions.filter(isOfService) ?? [];
  const isNamed = roles.some(({ name }) => name === administratorRole);
  return {
    permissions: [...permissions, ...present.permissions.filter(({ name }) => isOfService(name))],
    roles: [
      ...roles.map((role) => ({
        ...role,
        permissions: role.name === administratorRole ? union(role.permissions, needed) : role.permissions,
      })),
      ...(isNamed || administrator === undefined ? [] : [administratorBesides(administrator, permissions)]),
    ],
  };
}

/** Undefined permissions go from every role. */
function administratorBesides(role: RoleDefinition, permissions: readonly PermissionDefinition[]): RoleDefinition {
  const defined = new Set(permissions.map(({ name }) => name));
  return { ...role, permissions: role.permissions.filter((name) => isOfService(name) || defined.has(name)) };
}

export function faultsIn({ permissions, roles }: AccessDocument, present: AccessDocument): DocumentFault[] {
  const ofService = present.permissions.map(({ name }) => name).filter(isOfService);
  const known = new Set([...permissions.map(({ name }) => name), ...ofService]);
  const unknown = roles.flatMap((role, index) =>
    role.permissions.flatMap((name, position) =>
      known.has(name)
        ? []
        : [{ pointer: `/roles/${index}/permissions/${position}`, detail: 'is no permission of the document' }],
    ),
  );
  const reserved = permissions.flatMap(({ name }, index) =>
    isOfService(name) ? [{ pointer: `/permissions/${index}/name`, detail: 'is for the service itself' }] : [],
  );
  return [
    ...repeated(permissions.map(({ name }) => name)).map((index) => again(`/permissions/${index}/name`)),
    ...reserved,
    ...repeated(roles.map(({ name }) => name)).map((index) => again(`/roles/${index}/name`)),
    ...roles.flatMap((role, index) =>
      repeated(role.permissions).map((position) => again(`/roles/${index}/permissions/${position}`)),
    ),
    ...unknown,
  ];
}

export function differenceOf(from: AccessDocument, to: AccessDocument): AccessDifference {
  const permissions = compared(from.permissions, to.permissions);
  const roles = compared(from.roles, to.roles);
  return {
    permissions: {
      created: permissions.created,
      changed: permissions.kept.flatMap(([was, is]) => (was.description === is.description ? [] : [is])),
      deleted: permissions.deleted,
    },
    roles: {
      created: roles.created,
      changed: roles.kept.map(([was, is]) => roleChange(was, is)).filter(isChange),
      deleted: roles.deleted,
    },
  };
}

export function isEmpty({ permissions, roles }: AccessDifference): boolean {
  return [permissions, roles].every(
    ({ created, changed, deleted }) => created.length + changed.length + deleted.length === 0,
  );
}

/** The roles whose holders can change roles. */
export function rolesInCharge({ roles }: AccessDocument): string[] {
  return roles.filter(({ permissions }) => permissions.includes(mayChangeRoles)).map(({ name }) => name);
}

function roleChange(was: RoleDefinition, is: RoleDefinition): RoleChange {
  return {
    role: is,
    isRedescribed: was.description !== is.description,
    isSecondFactorChanged: was.requiresSecondFactor !== is.requiresSecondFactor,
    permissionsAdded: without(is.permissions, was.permissions),
    permissionsRemoved: without(was.permissions, is.permissions),
  };
}

function isChange({ isRedescribed, isSecondFactorChanged, permissionsAdded, permissionsRemoved }: RoleChange): boolean {
  return isRedescribed || isSecondFactorChanged || permissionsAdded.length + permissionsRemoved.length > 0;
}

function compared<Thing extends { readonly name: string }>(from: readonly Thing[], to: readonly Thing[]) {
  const before = new Map(from.map((each) => [each.name, each]));
  const names = new Set(to.map(({ name }) => name));
  return {
    created: byName(to.filter(({ name }) => !before.has(name))),
    kept: byName(to).flatMap((is): [Thing, Thing][] => {
      const was = before.get(is.name);
      return was === undefined ? [] : [[was, is]];
    }),
    deleted: [...before.keys()].filter((name) => !names.has(name)).toSorted(),
  };
}

function byName<Thing extends { readonly name: string }>(things: readonly Thing[]): Thing[] {
  return things.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function without(names: readonly string[], others: readonly string[]): string[] {
  const left = new Set(others);
  return names.filter((name) => !left.has(name)).toSorted();
}

function union(names: readonly string[], others: readonly string[]): string[] {
  return [...new Set([...names, ...others])];
}

/** Where a name stands that has stood before. */
function repeated(names: readonly string[]): number[] {
  const seen = new Set<string>();
  return names.flatMap((name, index) => (seen.size === seen.add(name).size ? [index] : []));
}

function again(pointer: string): DocumentFault {
  return { pointer, detail: 'stands there twice' };
}
