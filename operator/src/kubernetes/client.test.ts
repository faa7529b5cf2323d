import { describe, expect, test } from '@jest/globals';
import { createClient, type WriteVerb } from './client.ts';
import { ApiError } from './errors.ts';
import type { LiveObject } from './objects.ts';
import type { ApiRequest, Transport } from './transport.ts';

const LIVE: LiveObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd', namespace: 'n', uid: 'u', resourceVersion: '1' },
};

/** Answers in the order given; a number is an error of that status. */
function clientAnswering(...answers: (object | { status: number; body: object })[]) {
  const requests: ApiRequest[] = [];
  const writes: WriteVerb[] = [];
  const transport: Transport = {
    send: async (request) => {
      requests.push(request);
      const answer = answers.shift() ?? {};
      if ('status' in answer && typeof answer.status === 'number') {
        throw new ApiError(request, answer.status, JSON.stringify('body' in answer ? answer.body : {}));
      }
      return answer;
    },
    stream: async () => {
      throw new Error('not here');
    },
  };
  return { client: createClient(transport, (verb) => writes.push(verb)), requests, writes };
}

const refused = (status: number, body: object = {}) => ({ status, body });
const fieldConflict = refused(409, {
  reason: 'Conflict',
  details: {
    causes: [
      { reason: 'FieldManagerConflict', message: 'conflict with "kubectl-edit" using apps/v1', field: '.spec.paused' },
    ],
  },
});

describe('apply', () => {
  test('does not force where nobody is in the way', async () => {
    const { client, requests } = clientAnswering(LIVE);
    expect(await client.apply(LIVE)).toEqual({ object: LIVE, overruled: [] });
    expect(requests).toMatchObject([
      {
        method: 'PATCH',
        path: '/apis/apps/v1/namespaces/n/deployments/d',
        query: { fieldManager: 'authcluster-operator', force: 'false' },
        contentType: 'application/apply-patch+yaml',
      },
    ]);
  });

  test('takes fields back by force, and tells from whom', async () => {
    const { client, requests } = clientAnswering(fieldConflict, LIVE);
    const { overruled } = await client.apply(LIVE);
    expect(overruled).toEqual([{ manager: 'kubectl-edit', field: '.spec.paused' }]);
    expect(requests.map(({ query }) => query?.force)).toEqual(['false', 'true']);
  });

  test('does not force past a refusal of another kind', async () => {
    const { client, requests } = clientAnswering(refused(409, { reason: 'Conflict' }));
    await expect(client.apply(LIVE)).rejects.toThrow(ApiError);
    expect(requests).toHaveLength(1);
  });

  test('of status carries identity and status alone', async () => {
    const { client, requests } = clientAnswering(LIVE);
    await client.applyStatus({ ...LIVE, spec: { secret: 'not ours' }, status: { a: 1 } } as never);
    expect(requests[0]?.path).toBe('/apis/apps/v1/namespaces/n/deployments/d/status');
    expect(requests[0]?.body).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', namespace: 'n' },
      status: { a: 1 },
    });
  });
});

describe('delete', () => {
  test('names the UID, so that a successor of the same name is spared', async () => {
    const { client, requests } = clientAnswering({});
    expect(await client.delete(LIVE)).toBe('deleted');
    expect(requests[0]?.body).toMatchObject({ preconditions: { uid: 'u' }, propagationPolicy: 'Background' });
  });

  test.each([
    [404, 'gone'],
    [409, 'replaced'],
  ])('takes %i for %s', async (status, outcome) => {
    expect(await clientAnswering(refused(status)).client.delete(LIVE)).toBe(outcome);
  });
});

describe('a namesake', () => {
  test('is asked for by its name in a list, without what is in it', async () => {
    const { client, requests } = clientAnswering({
      items: [{ kind: 'PartialObjectMetadata', metadata: LIVE.metadata }],
    });
    expect(await client.namesake(LIVE)).toEqual(LIVE);
    expect(requests).toMatchObject([
      {
        method: 'GET',
        path: '/apis/apps/v1/namespaces/n/deployments',
        query: { fieldSelector: 'metadata.name=d' },
        accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
      },
    ]);
  });

  test('that is not there is an outcome', async () => {
    expect(await clientAnswering({ items: [] }).client.namesake(LIVE)).toBeUndefined();
  });
});

describe('create and get', () => {
  test('an object that exists already is an outcome', async () => {
    expect(await clientAnswering(refused(409)).client.create(LIVE)).toBeUndefined();
  });

  test('an object that is not there is an outcome', async () => {
    expect(await clientAnswering(refused(404)).client.get('Deployment', 'n', 'd')).toBeUndefined();
  });

  test('any other refusal is an error that names the request and not its body', async () => {
    const { client } = clientAnswering(refused(403, { message: 'exceeded quota' }));
    const secret = { ...LIVE, kind: 'Secret', apiVersion: 'v1', data: { password: 'aHVudGVyMg==' } };
    const error = await client.create(secret).catch((caught: unknown) => caught);
    expect(String(error)).toBe('ApiError: POST /api/v1/namespaces/n/secrets: 403 exceeded quota');
  });

  test('tells of every write, and of no read', async () => {
    const { client, writes } = clientAnswering(LIVE, LIVE, LIVE);
    await client.get('Deployment', 'n', 'd');
    await client.apply(LIVE);
    await client.delete(LIVE);
    expect(writes).toEqual(['apply', 'delete']);
  });
});
