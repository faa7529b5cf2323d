import e2e from './jest.config.js';

// What guides tell people to type, as it stands there: slow, and seldom broken.
export default {
  ...e2e,
  displayName: 'guides',
  roots: ['<rootDir>/guides'],
  testPathIgnorePatterns: [],
};
