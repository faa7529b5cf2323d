// The usual way: an Express route behind a middleware of jsonwebtoken, ES256. It asks no one whether a session lives.
import { createPublicKey } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import express, { type RequestHandler } from 'express';
import jsonwebtoken from 'jsonwebtoken';

const { PUBLIC_KEY = '' } = process.env;
const publicKey = createPublicKey(PUBLIC_KEY);

const requireToken: RequestHandler = (request, response, next) => {
  const token = request.headers.authorization?.slice('Bearer '.length) ?? '';
  jsonwebtoken.verify(token, publicKey, { algorithms: ['ES256'] }, (error, claims) => {
    if (error !== null) return void response.status(401).end();
    response.locals.claims = claims;
    next();
  });
};

const app = express();
app.get('/verify', requireToken, (_, response) => {
  const { sub, sid, roles } = response.locals.claims;
  response.set({
    'cache-control': 'no-store',
    'x-auth-user': sub,
    'x-auth-session': sid,
    'x-auth-roles': roles.join(','),
    'x-auth-client': '',
  });
  response.end();
});
const server = app.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
