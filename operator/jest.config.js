import preset from '../jest.preset.js';

export default {
  ...preset,
  displayName: 'operator',
  roots: ['<rootDir>/src'],
  testMatch: ['**/*.test.ts'],
  // Many a test runs hundreds of passes of the loop; a machine that does other work takes its time.
  testTimeout: 180_000,
};
