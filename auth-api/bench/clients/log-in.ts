import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import type { Credentials } from '../../integration/harness/client.ts';

const agent = new Agent({ keepAlive: true });

/** The status of the answer. By less than fetch is, since what a client takes of the machine's CPU the server has not. */
export async function logIn(url: string, { username, password }: Credentials): Promise<number> {
  const body = JSON.stringify({ username, password });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const sent = request(`${url}/v1/login`, { agent, method: 'POST', headers }).end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  await once(answer.resume(), 'end');
  return answer.statusCode ?? 0;
}
