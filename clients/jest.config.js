import preset from '../jest.preset.js';

// Both packages.
export default {
  ...preset,
  displayName: 'clients',
  testMatch: ['<rootDir>/**/*.test.ts'],
  modulePathIgnorePatterns: ['/dist/'],
};
