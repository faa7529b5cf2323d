import preset from '../jest.preset.js';

export default {
  ...preset,
  displayName: 'e2e',
  roots: ['<rootDir>'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['<rootDir>/chaos/', '<rootDir>/controllers/', '<rootDir>/guides/'],
  testTimeout: 300_000,
  globalSetup: '<rootDir>/support/delete-namespace.ts',
  globalTeardown: '<rootDir>/support/delete-namespace.ts',
};
