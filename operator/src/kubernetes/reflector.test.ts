import { describe, expect, test } from '@jest/globals';
import { ApiError } from './errors.ts';
import type { LiveObject } from './objects.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import { resourceOf } from './resources.ts';
import { ObjectStore } from './store.ts';
import type { ApiRequest, Transport } from './transport.ts';

type Answer = unknown | Error;
/** Lines of a stream; an Error breaks it, 'hang' keeps it open until it is cut. */
type Line = object | Error | 'hang';

/** Answers lists and watches from two scripts and records what it was asked. */
class ScriptedServer implements Transport {
  readonly asked: string[] = [];
  readonly requests: ApiRequest[] = [];
  readonly #lists: Answer[];
  readonly #watches: (Line[] | Error)[];
  readonly #done: () => void;

  constructor(lists: Answer[], watches: (Line[] | Error)[], done: () => void) {
    this.#lists = lists;
    this.#watches = watches;
    this.#done = done;
  }

  async send(request: ApiRequest): Promise<unknown> {
    this.asked.push(`list ${request.query?.continue ?? ''}`.trim());
    this.requests.push(request);
    const answer = this.#lists.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  }

  async stream(request: ApiRequest): Promise<AsyncIterable<Buffer>> {
    this.asked.push(`watch ${request.query?.resourceVersion}`);
    this.requests.push(request);
    const lines = this.#watches.shift();
    if (lines instanceof Error) throw lines;
    if (lines === undefined) this.#done();
    return play(lines ?? ['hang'], request.signal);
  }
}

async function* play(lines: Line[], signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  for (const line of lines) {
    if (line instanceof Error) throw line;
    if (line === 'hang')
      await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('cut'))));
    // Split in the middle: lines do not respect chunks.
    const text = Buffer.from(`${JSON.stringify(line)}\n`);
    yield text.subarray(0, 7);
    yield text.subarray(7);
  }
}

function pod(name: string, resourceVersion: string, uid = name): object {
  return { metadata: { namespace: 'n', name, uid, resourceVersion, managedFields: [] } };
}

function list(resourceVersion: string, items: object[], next?: string): object {
  return { metadata: { resourceVersion, ...(next === undefined ? {} : { continue: next }) }, items };
}

/** Runs the reflector until both scripts have been played. */
async function run(lists: Answer[], watches: (Line[] | Error)[], options: Partial<ReflectorOptions> = {}) {
  const stop = new AbortController();
  const server = new ScriptedServer(lists, watches, () => setTimeout(() => stop.abort(), 5));
  const store = new ObjectStore<LiveObject>();
  const reflector = new Reflector(server, store, {
    resource: resourceOf('Pod'),
    now: Date.now,
    random: () => 0,
    ...options,
  });
  await reflector.run(AbortSignal.any([stop.signal, AbortSignal.timeout(4000)]));
  return {
    asked: server.asked,
    requests: server.requests,
    names: store.all().map(({ metadata }) => metadata.name),
    store,
    reflector,
  };
}

describe('Reflector', () => {
  test('lists page by page, then watches from there', async () => {
    const { asked, names } = await run([list('5', [pod('a', '1')], 'more'), list('5', [pod('b', '2')])], []);
    expect(asked).toEqual(['list', 'list more', 'watch 5']);
    expect(names).toEqual(['a', 'b']);
  });

  test('asks for pages, for bookmarks, and for no more than is read: its labels, and metadata alone', async () => {
    const options = { namespace: 'n', labelSelector: 'app=a', metadataOnly: true, pageSize: 2 };
    const { requests } = await run([list('5', [])], [], options);
    const [listed, watched] = requests;
    expect(requests.map(({ path }) => path)).toEqual(Array(2).fill('/api/v1/namespaces/n/pods'));
    expect(listed).toMatchObject({
      query: { limit: '2', labelSelector: 'app=a' },
      accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    });
    expect(watched).toMatchObject({
      query: { watch: '1', allowWatchBookmarks: 'true', labelSelector: 'app=a', timeoutSeconds: '300' },
      accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    });
  });

  test('follows additions, changes and deletions, and gives objects the kind that lists leave out', async () => {
    const events = [
      { type: 'ADDED', object: pod('b', '6') },
      { type: 'MODIFIED', object: pod('a', '7') },
      { type: 'DELETED', object: pod('b', '8') },
      'hang' as const,
    ];
    const { store } = await run([list('5', [pod('a', '1')])], [events], { silenceLimitSeconds: 0.05 });
    expect(store.all()).toEqual([
      { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'n', name: 'a', uid: 'a', resourceVersion: '7' } },
    ]);
  });

  test('goes on from the last bookmark after a broken stream, without listing again', async () => {
    const bookmark = { type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } };
    const { asked } = await run([list('5', [])], [[bookmark, new Error('reset')]]);
    expect(asked).toEqual(['list', 'watch 5', 'watch 9']);
  });

  test('cuts a silent stream, says so, and opens another', async () => {
    const problems: unknown[] = [];
    const onProblem = ({ error }: { error: unknown }) => problems.push(error);
    const { asked } = await run([list('5', [])], [['hang']], { silenceLimitSeconds: 0.05, onProblem });
    expect(asked).toEqual(['list', 'watch 5', 'watch 5']);
    expect(String(problems[0])).toContain('watch of /api/v1/pods was silent and has been cut');
  });

  test.each([
    ['in the answer', new ApiError({ method: 'GET', path: '/' }, 410, '{}')],
    ['in the stream', [{ type: 'ERROR', object: { code: 410 } }]],
  ])('lists again when its place is forgotten, said %s', async (_where, gone) => {
    const { asked, names } = await run([list('5', [pod('a', '1')]), list('20', [pod('b', '19')])], [gone as Line[]]);
    expect(asked).toEqual(['list', 'watch 5', 'list', 'watch 20']);
    expect(names).toEqual(['b']);
  });

  test('begins a list again whose place is forgotten between two pages, and takes nothing of the first attempt', async () => {
    const expired = new ApiError({ method: 'GET', path: '/' }, 410, '{}');
    const first = list('5', [pod('gone meanwhile', '1')], 'more');
    const { asked, names } = await run([first, expired, list('20', [pod('a', '19')], 'rest'), list('20', [])], []);
    expect(asked).toEqual(['list', 'list more', 'list', 'list rest', 'watch 20']);
    expect(names).toEqual(['a']);
  });

  test('takes an extension that is not installed for an answer, and looks again', async () => {
    const unknown = new ApiError({ method: 'GET', path: '/' }, 404, '{}');
    const problems: unknown[] = [];
    const { asked, names, reflector } = await run([unknown, list('5', [pod('a', '1')])], [], {
      resource: resourceOf('HTTPRoute'),
      absenceRetrySeconds: 0.01,
      onProblem: (problem) => problems.push(problem),
    });
    expect(asked).toEqual(['list', 'list', 'watch 5']);
    expect([names, reflector.absent, problems]).toEqual([['a'], false, []]);
  });

  test('takes a 404 for anything else for a fault', async () => {
    const unknown = new ApiError({ method: 'GET', path: '/' }, 404, '{}');
    const problems: unknown[] = [];
    const onProblem = (problem: unknown) => problems.push(problem);
    const { reflector } = await run([unknown, list('5', [])], [], { onProblem });
    expect([problems.length, reflector.absent]).toEqual([1, false]);
  });

  test('waits longer each time while nothing answers, by up to twice as much, so that not all come back at once', async () => {
    const down = () => [new Error('down'), new Error('down'), new Error('down'), list('5', [])];
    const waits: number[] = [];
    const onProblem = ({ retryInMs }: { retryInMs: number }) => waits.push(retryInMs);
    await run(down(), [], { onProblem });
    await run(down().slice(1), [], { onProblem, random: () => 1 });
    expect(waits).toEqual([100, 200, 400, 200, 400]);
  });

  test('waits longer each time while watches are refused, so that it does not list all objects over and over', async () => {
    const refused = () => new ApiError({ method: 'GET', path: '/' }, 429, '{}');
    const waits: number[] = [];
    const onProblem = ({ retryInMs }: { retryInMs: number }) => waits.push(retryInMs);
    await run(Array(4).fill(list('5', [])), [refused(), refused(), refused()], { onProblem });
    expect(waits).toEqual([100, 200, 400]);
  });

  test('does not wait longer each time for what is cut again and again, if it had lasted', async () => {
    const waits: number[] = [];
    let nowMs = 0;
    const lasting = [new Error('reset')];
    const options = {
      now: () => {
        nowMs += 1100;
        return nowMs;
      },
      onProblem: ({ retryInMs }: { retryInMs: number }) => waits.push(retryInMs),
    };
    await run([list('5', [])], [lasting, lasting, lasting], options);
    expect(waits).toEqual([100, 100, 100]);
  });

  test('does not call itself synced before the first list', async () => {
    const problems: unknown[] = [];
    const onProblem = ({ error }: { error: unknown }) => problems.push(error);
    const { reflector } = await run([new Error('down'), list('5', [])], [], { onProblem });
    expect(problems).toHaveLength(1);
    expect(reflector.synced).toBe(true);
  });
});
