import { type Conversion, type Fields, fieldsOf, lineOf, phcBase64, textOf } from './conversion.ts';

/**
 * A line of the export of password hashes that Auth0's support makes, or of an export of users, or of a file for Auth0's own
 * import (`custom_password_hash`).
 */
export function convertAuth0User(user: Fields): Conversion {
  const email = textOf(user.email);
  const username = textOf(user.username) ?? email;
  const id = auth0Id(user);
  if (username === undefined) return { note: `${id ?? 'a user'} has neither a name nor an address and was left out` };
  const custom = fieldsOf(user.custom_password_hash);
  const hash = textOf(user.passwordHash) ?? textOf(user.password_hash) ?? customHash(custom);
  const line = lineOf({
    username,
    email,
    email_verified: user.email_verified === true,
    display_name: displayName(user, email),
    password_hash: hash,
    status: user.blocked === true ? 'disabled' : 'active',
    external_id: id ?? username,
    created_at: dateOf(user.created_at),
  });
  const algorithm = textOf(custom.algorithm);
  return hash === undefined && algorithm !== undefined
    ? { line, note: `${username} must reset the password: its ${algorithm} is not known` }
    : { line };
}

/** As tokens of Auth0 have it in `sub`. */
function auth0Id(user: Fields): string | undefined {
  const given = textOf(user.user_id) ?? textOf(user.Id) ?? textOf(fieldsOf(user._id).$oid) ?? textOf(user._id);
  return given === undefined || given.includes('|') ? given : `auth0|${given}`;
}

/** Where there is none, Auth0 has the address in its place. */
function displayName(user: Fields, email: string | undefined): string | undefined {
  const name = textOf(user.name);
  return name === email ? undefined : name;
}

function dateOf(value: unknown): string | undefined {
  const text = textOf(value) ?? textOf(fieldsOf(value).$date);
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** auth0.com/docs: "Bulk User Import Database Schema and Examples". */
function customHash({ algorithm, hash: hashFields, salt: saltFields }: Fields): string | undefined {
  const hash = fieldsOf(hashFields);
  const salt = fieldsOf(saltFields);
  const value = textOf(hash.value);
  if (value === undefined) return undefined;
  if (['argon2', 'bcrypt', 'pbkdf2'].includes(String(algorithm))) return value;
  const [saltText, position] = [textOf(salt.value), salt.position ?? 'prefix'];
  if (algorithm === 'md5') {
    const digits = hash.encoding === 'base64' ? Buffer.from(value, 'base64').toString('hex') : value;
    if (saltText === undefined) return digits;
    return `${position === 'suffix' ? 'md5-suffix' : 'md5'}$${saltText}$${digits}`;
  }
  if (algorithm !== 'scrypt' || saltText === undefined) return undefined;
  const { cost, blockSize, parallelization } = hash;
  const bytes = (text: string, encoding: unknown) =>
    phcBase64(Buffer.from(text, (textOf(encoding) ?? 'utf8') as BufferEncoding).toString('base64'));
  const work = `ln=${Math.log2(Number(cost ?? 16_384))},r=${blockSize ?? 8},p=${parallelization ?? 1}`;
  return `$scrypt$${work}$${bytes(saltText, salt.encoding)}$${bytes(value, hash.encoding)}`;
}
