// Converts an export of another service, on standard input, to lines that can be imported here; see
// docs/how-to/move-users-in.md.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { convertAuth0User } from './auth0.ts';
import type { Conversion, Fields } from './conversion.ts';
import { convertFirebaseUser, parseHashParameters } from './firebase.ts';
import { convertKeycloakUser } from './keycloak.ts';
import { UnreadableExportError, usersOfDocument, usersOfLines } from './user-streams.ts';

const usage = `usage: npm run --silent convert-users -- keycloak [--role NAME=NAME-HERE ...] < realm.json > users.ndjson
       npm run --silent convert-users -- auth0 < users.json > users.ndjson
       npm run --silent convert-users -- firebase --hash-config FILE < users.json > users.ndjson
`;

class UsageError extends Error {
  override name = 'UsageError';
}

interface Source {
  readonly users: (input: Readable) => AsyncIterable<Fields>;
  readonly convert: (user: Fields) => Conversion;
}

function sourceOf(args: readonly string[]): Source {
  const options = { role: { type: 'string', multiple: true }, 'hash-config': { type: 'string' } } as const;
  const { positionals, values } = parseArgs({ args: [...args], options, allowPositionals: true });
  switch (positionals.join(' ')) {
    case 'keycloak': {
      const roles = rolesOf(values.role ?? []);
      return { users: usersOfDocument, convert: (user) => convertKeycloakUser(user, roles) };
    }
    case 'auth0':
      return { users: usersOfLines, convert: convertAuth0User };
    case 'firebase': {
      const parameters = firebaseParameters(values['hash-config']);
      return { users: usersOfDocument, convert: (user) => convertFirebaseUser(user, parameters) };
    }
    default:
      throw new UsageError(usage);
  }
}

function rolesOf(pairs: readonly string[]): Map<string, string> {
  return new Map(
    pairs.map((pair) => {
      const [name, here] = pair.split('=');
      if (!name || !here) throw new UsageError(`--role takes NAME=NAME-HERE, not "${pair}"\n`);
      return [name, here];
    }),
  );
}

function firebaseParameters(file: string | undefined) {
  if (file === undefined) throw new UsageError(usage);
  // npm runs scripts in the folder of their package, whatever folder it was called in.
  const path = resolve(process.env.INIT_CWD ?? '.', file);
  const parameters = parseHashParameters(readFileSync(path, 'utf8'));
  if (parameters !== undefined) return parameters;
  throw new UsageError(`${file} must have base64_signer_key, base64_salt_separator, rounds and mem_cost\n`);
}

async function* lines({ users, convert }: Source): AsyncGenerator<string> {
  let converted = 0;
  for await (const user of users(process.stdin)) {
    const { line, note } = convert(user);
    if (note !== undefined) process.stderr.write(`${note}\n`);
    if (line === undefined) continue;
    converted += 1;
    yield `${JSON.stringify(line)}\n`;
  }
  process.stderr.write(`${converted} users\n`);
}

try {
  await pipeline(Readable.from(lines(sourceOf(process.argv.slice(2)))), process.stdout);
} catch (error) {
  const isTold = error instanceof UsageError || error instanceof UnreadableExportError || error instanceof TypeError;
  if (!isTold) throw error;
  process.stderr.write(error instanceof UsageError ? error.message : `${error.message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
