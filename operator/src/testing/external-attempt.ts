/** What the operator tries of an external database, and what its messages name. */
export const ATTEMPT = {
  address: 'db.example:5432',
  addressField: 'spec.postgres.external.primary.host',
  tlsField: 'spec.postgres.external.tls',
  loginField: 'spec.postgres.external.credentials.application',
  username: 'shop',
};

/** An error as a server's driver throws it. */
export function serverError(code: string, message = 'as the server says it'): Error {
  return Object.assign(new Error(message), { code });
}
