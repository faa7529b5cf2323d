import preset from '../jest.preset.js';

// Real PostgreSQL with a replica, PgBouncer and Redis Cluster, from the project's images.
export default {
  ...preset,
  displayName: 'auth-api integration',
  roots: ['<rootDir>/integration'],
  testMatch: ['**/*.test.ts'],
  // Servers are killed and come back, which takes its time on a machine that does other work.
  testTimeout: 180_000,
  globalSetup: '<rootDir>/integration/harness/global-setup.ts',
  globalTeardown: '<rootDir>/integration/harness/global-teardown.ts',
};
