import preset from '../jest.preset.js';

// A real API server: kube-apiserver and etcd of the node image, without nodes.
export default {
  ...preset,
  displayName: 'operator integration',
  roots: ['<rootDir>/integration'],
  testMatch: ['**/*.test.ts'],
  testTimeout: 1_200_000,
  // Those of an API server that is away wait most of the time.
  maxWorkers: 2,
  globalSetup: '<rootDir>/integration/harness/global-setup.ts',
  globalTeardown: '<rootDir>/integration/harness/global-teardown.ts',
};
