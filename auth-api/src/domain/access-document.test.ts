import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type AccessDocument,
  accessBy,
  differenceOf,
  documentOf,
  faultsIn,
  isEmpty,
  type RoleDefinition,
  rolesInCharge,
} from './access-document.ts';
import { administratorRole } from './administration.ts';

const ofService = ['authcluster.roles.write', 'authcluster.users.read'];

function role(name: string, permissions: readonly string[] = [], fields: Partial<RoleDefinition> = {}): RoleDefinition {
  return { name, description: '', permissions, requiresSecondFactor: false, ...fields };
}

const permission = (name: string, description = '') => ({ name, description });

function access(permissions: readonly string[], roles: readonly RoleDefinition[]): AccessDocument {
  return { permissions: permissions.map((name) => permission(name)), roles };
}

const fresh = access(ofService, [role(administratorRole, ofService)]);

test('the document has nothing of the service, and each thing in the order of its name', () => {
  const present = access(
    [...ofService, 'b', 'a'],
    [role('support', ['authcluster.users.read', 'a']), role(administratorRole, [...ofService, 'b'])],
  );
  expect(documentOf(present)).toEqual(
    access(['a', 'b'], [role(administratorRole, ['b']), role('support', ['a', 'authcluster.users.read'])]),
  );
});

test('administrators keep what the service needs, whatever the document says', () => {
  for (const roles of [[], [role(administratorRole)], [role(administratorRole, ofService)]]) {
    const next = accessBy(access([], roles), fresh);
    expect(isEmpty(differenceOf(fresh, next))).toBe(true);
    expect(rolesInCharge(next)).toEqual([administratorRole]);
  }
});

test('a permission that goes, goes from administrators as well', () => {
  const present = access([...ofService, 'a'], [role(administratorRole, [...ofService, 'a'])]);
  expect(accessBy(access([], []), present).roles).toEqual([role(administratorRole, ofService)]);
});

test('the difference tells what is created, changed and deleted', () => {
  const present = access([...ofService, 'a', 'b'], [...fresh.roles, role('old'), role('kept', ['a'])]);
  const next = accessBy(
    {
      permissions: [permission('a', 'Other words'), permission('c')],
      roles: [role('kept', ['c'], { requiresSecondFactor: true }), role('new', ['authcluster.users.read'])],
    },
    present,
  );
  expect(differenceOf(present, next)).toEqual({
    permissions: { created: [permission('c')], changed: [permission('a', 'Other words')], deleted: ['b'] },
    roles: {
      created: [role('new', ['authcluster.users.read'])],
      changed: [
        {
          role: role('kept', ['c'], { requiresSecondFactor: true }),
          isRedescribed: false,
          isSecondFactorChanged: true,
          permissionsAdded: ['c'],
          permissionsRemoved: ['a'],
        },
      ],
      deleted: ['old'],
    },
  });
});

test('each fault has its pointer', () => {
  const document = access(
    ['a', 'authcluster.a', 'a'],
    [role('r', ['a', 'b', 'a']), role('s', ['authcluster.users.read', 'authcluster.none']), role('r')],
  );
  expect(faultsIn(document, fresh).map(({ pointer }) => pointer)).toEqual([
    '/permissions/2/name',
    '/permissions/1/name',
    '/roles/2/name',
    '/roles/0/permissions/2',
    '/roles/0/permissions/1',
    '/roles/1/permissions/1',
  ]);
});

const name = fc.constantFrom('a', 'b', 'c', 'd');
const documents = fc
  .record({
    permissions: fc.uniqueArray(fc.record({ name, description: fc.constantFrom('', 'x') }), {
      selector: (p) => p.name,
    }),
    roles: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('p', 'q', 'r', administratorRole),
        description: fc.constantFrom('', 'x'),
        permissions: fc.uniqueArray(fc.oneof(name, fc.constantFrom(...ofService))),
        requiresSecondFactor: fc.boolean(),
      }),
      { selector: (r) => r.name },
    ),
  })
  .map(({ permissions, roles }): AccessDocument => {
    const known = new Set([...permissions.map(({ name }) => name), ...ofService]);
    return { permissions, roles: roles.map((r) => ({ ...r, permissions: r.permissions.filter((p) => known.has(p)) })) };
  });

test('a document that is applied is there afterwards, and applied again changes nothing', () => {
  fc.assert(
    fc.property(documents, documents, (before, document) => {
      const present = accessBy(before, fresh);
      expect(faultsIn(document, present)).toEqual([]);
      const next = accessBy(document, present);
      expect(isEmpty(differenceOf(next, accessBy(document, next)))).toBe(true);
      expect(isEmpty(differenceOf(next, accessBy(documentOf(next), next)))).toBe(true);
      const [kept, wanted] = [documentOf(next), documentOf(document)];
      expect(kept.permissions).toEqual(wanted.permissions);
      expect(kept.roles.filter((each) => each.name !== administratorRole)).toEqual(
        wanted.roles.filter((each) => each.name !== administratorRole),
      );
    }),
  );
});
