import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type { Answer, Client } from './client.ts';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
}

/** Posts a form to one of the OAuth endpoints. */
export function postForm(
  client: Client,
  path: string,
  form: Record<string, string>,
  authorization?: string,
): Promise<Answer> {
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    ...(authorization === undefined ? {} : { authorization }),
  };
  return client.send('POST', path, { body: new URLSearchParams(form).toString(), headers });
}

/** The keys of a service, and the assertions that it makes with them. */
export async function newServiceKeys(alg = 'EdDSA') {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'first' }] };
  const assert = (id: string, payload: JWTPayload = {}) =>
    new SignJWT({
      iss: id,
      sub: id,
      aud: 'https://auth.example.com/oauth/token',
      jti: randomUUID(),
      exp: Math.floor(Date.now() / 1000) + 60,
      ...payload,
    })
      .setProtectedHeader({ alg, kid: 'first' })
      .sign(privateKey);
  const form = async (id: string, payload?: JWTPayload) => ({
    client_assertion_type: assertionType,
    client_assertion: await assert(id, payload),
  });
  return { jwks, form };
}
