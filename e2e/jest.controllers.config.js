import e2e from './jest.config.js';

// With controllers that are not ours, which have to be built or pulled first.
export default {
  ...e2e,
  displayName: 'controllers',
  roots: ['<rootDir>/controllers'],
  testPathIgnorePatterns: [],
};
