/** What a test lets a service answer; requests are kept. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly token: string | undefined;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface FakeService {
  readonly fetch: typeof fetch;
  readonly received: Received[];
}

export function fakeService(answer: (request: Received) => Response | Promise<Response>): FakeService {
  const received: Received[] = [];
  const answering: typeof fetch = async (input, init = {}) => {
    const headers = new Headers(init.headers);
    const request: Received = {
      method: init.method ?? 'GET',
      path: String(input).replace('https://auth.example.com', ''),
      token: headers.get('authorization')?.replace('Bearer ', ''),
      headers,
      body: typeof init.body === 'string' ? JSON.parse(init.body) : init.body,
    };
    received.push(request);
    init.signal?.throwIfAborted();
    return answer(request);
  };
  return { fetch: answering, received };
}

export function json(body: unknown, status = 200): Response {
  return Response.json(body, { status });
}

export function problem(status: number, code: string, headers: Record<string, string> = {}): Response {
  const type = `https://authcluster.dev/problems/${code}`;
  const content = { 'content-type': 'application/problem+json', ...headers };
  return new Response(JSON.stringify({ type, title: code, status }), { status, headers: content });
}

/** The tokens of the nth refresh. */
export function tokens(n: number, expiresInSeconds = 300) {
  return {
    access_token: `access-${n}`,
    token_type: 'Bearer',
    expires_in: expiresInSeconds,
    refresh_token: `refresh-${n}`,
  } as const;
}
