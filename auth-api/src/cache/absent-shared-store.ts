import type { SharedStore } from './shared-cache.ts';

/** Where there is no Redis: every load is the caller's, and nothing is kept. */
export const absentSharedStore: SharedStore = {
  lookUp: async () => ({ kind: 'loading' }),
  reserve: async () => false,
  store: async () => false,
  invalidate: async () => {},
};
