import { type Conversion, type Fields, fieldsOf, isFields, lineOf, phcBase64, textOf, timeOf } from './conversion.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * A user of a realm's export (`kc.sh export`).
 * @param roles the names that roles of the realm have here; others are left out
 */
export function convertKeycloakUser(user: Fields, roles: ReadonlyMap<string, string>): Conversion {
  const username = textOf(user.username);
  if (username === undefined) return { note: 'a user without a name was left out' };
  if (user.serviceAccountClientId !== undefined) return { note: `${username} stands for a client and was left out` };
  const id = textOf(user.id);
  const hash = passwordHash(user.credentials);
  const names = [textOf(user.firstName), textOf(user.lastName)].filter((name) => name !== undefined);
  const granted = listOf(user.realmRoles).map((role) => roles.get(String(role)));
  const line = lineOf({
    id: id !== undefined && uuid.test(id) ? id : undefined,
    username,
    email: textOf(user.email),
    email_verified: user.emailVerified === true,
    display_name: names.length === 0 ? undefined : names.join(' '),
    locale: textOf(listOf(fieldsOf(user.attributes).locale)[0]),
    password_hash: hash.hash,
    roles: granted.filter((role) => role !== undefined),
    status: user.enabled === false ? 'disabled' : 'active',
    external_id: id ?? username,
    created_at: timeOf(user.createdTimestamp),
  });
  return hash.unknown === undefined
    ? { line }
    : { line, note: `${username} must reset the password: ${hash.unknown} is not known` };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

interface FoundHash {
  readonly hash?: string;
  readonly unknown?: string;
}

function passwordHash(credentials: unknown): FoundHash {
  const credential = listOf(credentials)
    .filter(isFields)
    .find(({ type }) => type === 'password');
  if (credential === undefined) return {};
  const [data, secret] = [parsed(credential.credentialData), parsed(credential.secretData)];
  const algorithm = textOf(data.algorithm) ?? 'a password without an algorithm';
  const [salt, value] = [textOf(secret.salt), textOf(secret.value)];
  if (value === undefined) return { unknown: 'a password without its hash' };
  if (algorithm === 'bcrypt') return { hash: value };
  if (salt === undefined) return { unknown: algorithm };
  const encoded = `${phcBase64(salt)}$${phcBase64(value)}`;
  if (algorithm === 'argon2') return argon2(fieldsOf(data.additionalParameters), data.hashIterations, encoded);
  const digest = { pbkdf2: 'sha1', 'pbkdf2-sha256': 'sha256', 'pbkdf2-sha512': 'sha512' }[algorithm];
  return digest === undefined
    ? { unknown: algorithm }
    : { hash: `$pbkdf2-${digest}$i=${Number(data.hashIterations)}$${encoded}` };
}

/** Keycloak has each parameter in a list of its own. */
function argon2(parameters: Fields, passes: unknown, encoded: string): FoundHash {
  const parameter = (name: string, otherwise: string) => String(listOf(parameters[name])[0] ?? otherwise);
  if (parameter('version', '1.3') !== '1.3') return { unknown: `argon2 of version ${parameter('version', '')}` };
  const work = `m=${parameter('memory', '7168')},t=${Number(passes)},p=${parameter('parallelism', '1')}`;
  return { hash: `$argon2${parameter('type', 'id')}$v=19$${work}$${encoded}` };
}

/** JSON within JSON, as text or as it is. */
function parsed(value: unknown): Fields {
  if (typeof value !== 'string') return fieldsOf(value);
  try {
    return fieldsOf(JSON.parse(value));
  } catch {
    return {};
  }
}
