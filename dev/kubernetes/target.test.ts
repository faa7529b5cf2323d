import { expect, test } from '@jest/globals';
import { chooseTarget } from './target.ts';

const nothing = { context: '', registry: '', values: '' };

test.each([
  ['the local cluster', nothing, ['cluster', 'images', 'load'], '.make/images.yaml'],
  ['another kind cluster', { ...nothing, context: 'kind-mine' }, ['tools', 'images', 'load'], '.make/images.yaml'],
  ['a registry', { ...nothing, context: 'mine', registry: 'r/x' }, ['tools', 'images', 'push'], '.make/images.yaml'],
  ['images that are named', { ...nothing, context: 'kind-mine', values: 'v.yaml' }, ['tools'], 'v.yaml'],
  ['a cluster alone', { ...nothing, context: 'mine' }, ['tools'], undefined],
])('%s: what is built, and which images are run', (_, settings, makeTargets, valuesFile) => {
  expect(chooseTarget(settings)).toMatchObject({ makeTargets, valuesFile, local: settings.context === '' });
});
