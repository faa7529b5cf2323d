// Shared by every workspace: native ES modules, TypeScript stripped by swc, no globals.
export default {
  testEnvironment: 'node',
  injectGlobals: false,
  // Tests wait for states; how long that takes is up to the machine, and what else it does.
  testTimeout: 60_000,
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
};
