import { type Conversion, type Fields, lineOf, textOf, timeOf } from './conversion.ts';

/** What all hashes of a project have in common. */
export interface FirebaseHashParameters {
  readonly signerKey: string;
  readonly saltSeparator: string;
  readonly rounds: number;
  readonly memCost: number;
}

/** Reads what the Firebase console shows under "Password hash parameters". Undefined where something is missing. */
export function parseHashParameters(text: string): FirebaseHashParameters | undefined {
  const value = (name: string) => new RegExp(`${name}\\s*[:=]\\s*["'<]?([A-Za-z0-9+/=_-]*)`).exec(text)?.[1];
  const [signerKey, saltSeparator] = [value('base64_signer_key'), value('base64_salt_separator')];
  const [rounds, memCost] = [Number(value('rounds')), Number(value('mem_cost'))];
  if (!signerKey || saltSeparator === undefined || !(rounds > 0) || !(memCost > 0)) return undefined;
  return { signerKey: standard(signerKey), saltSeparator: standard(saltSeparator), rounds, memCost };
}

/** A user of `firebase auth:export --format=json`. */
export function convertFirebaseUser(user: Fields, parameters: FirebaseHashParameters): Conversion {
  const id = textOf(user.localId);
  const email = textOf(user.email);
  const username = email ?? textOf(user.phoneNumber);
  if (username === undefined) return { note: `${id ?? 'a user'} has neither an address nor a number and was left out` };
  const line = lineOf({
    username,
    email,
    email_verified: email !== undefined && user.emailVerified === true,
    display_name: textOf(user.displayName),
    password_hash: passwordHash(textOf(user.passwordHash), textOf(user.salt), parameters),
    status: user.disabled === true ? 'disabled' : 'active',
    external_id: id ?? username,
    created_at: timeOf(user.createdAt),
  });
  return { line };
}

function passwordHash(
  hash: string | undefined,
  salt: string | undefined,
  { signerKey, saltSeparator, rounds, memCost }: FirebaseHashParameters,
): string | undefined {
  if (hash === undefined || salt === undefined) return undefined;
  const separator = saltSeparator === '' ? '' : `,ss=${saltSeparator}`;
  const work = `v=1,n=${memCost},r=${rounds},p=1${separator},sk=${signerKey}`;
  return `$fbscrypt$${work}$${standard(salt)}$${standard(hash)}`;
}

/** Exports have had either alphabet. */
function standard(base64: string): string {
  return base64.replaceAll('-', '+').replaceAll('_', '/');
}
