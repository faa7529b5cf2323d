import preset from '../jest.preset.js';

export default {
  ...preset,
  displayName: 'auth-api',
  roots: ['<rootDir>/src', '<rootDir>/bench', '<rootDir>/convert-users'],
  testMatch: ['**/*.test.ts'],
};
