import preset from '../jest.preset.js';

// The gateway's image with the configuration that the operator renders, before an upstream of the tests' own.
export default {
  ...preset,
  displayName: 'edge',
  roots: ['<rootDir>/edge'],
  testMatch: ['**/*.test.ts'],
};
