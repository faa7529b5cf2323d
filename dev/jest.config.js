import preset from '../jest.preset.js';

export default { ...preset, displayName: 'dev', roots: ['<rootDir>'], testMatch: ['**/*.test.ts'] };
