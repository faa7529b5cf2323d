import { z } from 'zod';
import type { CacheStatus } from '../../../domain/cache-administration.ts';
import { problem } from '../../problem.ts';
import { bearerRoute, type Route } from '../../route.ts';

const cacheResponse = z
  .object({
    type: z.string(),
    tier: z.enum(['local', 'shared']),
    version: z.int().describe('Raised when all of the type is cleared; 0 before this pod has heard of it.'),
    ttl_seconds: z.int(),
    entries: z.int().nullable().describe('In the memory of this pod; null for the shared tier.'),
    max_entries: z.int().nullable(),
    hits: z.int(),
    misses: z.int(),
    bypasses: z.int().describe('Not looked up, since this pod could have missed changes.'),
    errors: z.int(),
    hit_ratio: z.number().nullable().describe('Hits among all lookups of this pod; null before the first.'),
  })
  .meta({ id: 'Cache' });

const cacheListResponse = z
  .object({
    trusted: z.boolean().describe('Whether this pod hears of all changes, and so uses its caches.'),
    items: z.array(cacheResponse),
    next_cursor: z.null(),
  })
  .meta({ id: 'CacheList' });

const listCaches = bearerRoute(
  {
    method: 'get',
    path: '/v1/admin/caches',
    operation: 'list_caches',
    summary: 'The caches, as the pod that answers sees them',
    permission: 'authcluster.operations.read',
    answers: { 200: { description: 'One for each type.', schema: cacheListResponse } },
  },
  async (_, __, { caches }) => {
    const items = caches.caches().map(cacheBody);
    return { status: 200, body: { trusted: caches.isTrusted(), items, next_cursor: null } };
  },
);

const clearCache = bearerRoute(
  {
    method: 'post',
    path: '/v1/admin/caches/{type}/clear',
    operation: 'clear_cache',
    summary: 'Make every pod load all of a type anew',
    parameters: { type: z.string().max(40) },
    permission: 'authcluster.operations.write',
    answers: { 204: { description: 'The version of the type is raised.' } },
  },
  async ({ parameter, event }, _, { caches }) => {
    return (await caches.clear(parameter('type'), event)) ? { status: 204 } : problem('not_found');
  },
);

function cacheBody({ type, tier, version, ttlSeconds, entries, lookups }: CacheStatus): z.output<typeof cacheResponse> {
  const { hit, miss, bypass, error } = lookups;
  const total = hit + miss + bypass + error;
  return {
    type,
    tier,
    version,
    ttl_seconds: ttlSeconds,
    entries: entries?.count ?? null,
    max_entries: entries?.most ?? null,
    hits: hit,
    misses: miss,
    bypasses: bypass,
    errors: error,
    hit_ratio: total === 0 ? null : hit / total,
  };
}

export const cacheRoutes: readonly Route[] = [listCaches, clearCache];
