import preset from '../jest.preset.js';

export default {
  ...preset,
  displayName: 'load',
  roots: ['<rootDir>'],
  testMatch: ['**/*.test.ts'],
};
