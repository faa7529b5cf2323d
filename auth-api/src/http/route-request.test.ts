import { expect, test } from '@jest/globals';
import type { Request, Response } from 'express';
import { portOf } from '../testing/fakes.ts';
import { routeRequest } from './route-request.ts';

test.each([
  ['none means whatever there is', undefined, '*'],
  ['an empty one means nothing that there is', '', []],
  ['tags mean what they name', '"7-a"', ['"7-a"']],
])('of If-Match headers %s', (_, header, tags) => {
  const get = ((name: string) => (name === 'if-match' ? header : undefined)) as Request['get'];
  const acceptsLanguages = (() => []) as unknown as Request['acceptsLanguages'];
  const request = portOf<Request>({ get, acceptsLanguages, headers: {} });
  const response = portOf<Response>({ once: (() => {}) as never });
  expect(routeRequest(request, response, { body: undefined, query: undefined }).ifMatch).toEqual(tags);
});
