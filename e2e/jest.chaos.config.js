import e2e from './jest.config.js';

// What takes too long for every run: the same losses and moves again and again, for medians and the worst of them.
export default {
  ...e2e,
  displayName: 'chaos',
  roots: ['<rootDir>/chaos'],
  testPathIgnorePatterns: [],
  testTimeout: 3_600_000,
};
