import { expect, test } from '@jest/globals';
import { clusterWith, SAMPLE_INPUTS } from '../testing/sample-clusters.ts';
import { oncePer, oncePerInputs } from './once-per.ts';

test('what follows from an object is computed once, and anew for an equal one', () => {
  let computed = 0;
  const double = oncePer(({ value }: { value: number }) => {
    computed += 1;
    return 2 * value;
  });
  const three = { value: 3 };
  expect([double(three), double(three), double({ value: 3 }), computed]).toEqual([6, 6, 6, 2]);
});

test('what follows from an AuthCluster and the inputs of its pods is computed anew where either has changed', () => {
  let computed = 0;
  const image = oncePerInputs(({ metadata }, { images, startValues }) => {
    computed += 1;
    return `${metadata.name} ${images.authApi} ${startValues}`;
  });
  const [one, other] = [clusterWith({}, 'one'), clusterWith({}, 'other')];
  const images = { ...SAMPLE_INPUTS.images, authApi: 'next' };
  const given = { ...SAMPLE_INPUTS, startValues: 'a' };
  const asked = [
    image(one, given),
    image(one, { ...given }),
    image(one, { ...given, images }),
    image(one, { ...given, startValues: 'b' }),
    image(other, given),
  ];
  const { authApi } = SAMPLE_INPUTS.images;
  expect(asked).toEqual([
    `one ${authApi} a`,
    `one ${authApi} a`,
    'one next a',
    `one ${authApi} b`,
    `other ${authApi} a`,
  ]);
  expect(computed).toBe(4);
});
