// What Node.js needs for an answer with the headers of /verify, and nothing else.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const headers = {
  'cache-control': 'no-store',
  'content-length': '0',
  'x-auth-user': '01890a5d-ac96-774b-bcce-b302099a8057',
  'x-auth-session': '01890a5d-ac96-774b-bcce-b302099a8058',
  'x-auth-roles': '',
  'x-auth-client': '',
};

const server = createServer((_, response) => {
  response.writeHead(200, headers);
  response.end();
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
