import { expect, test } from '@jest/globals';
import { changeableImage } from './pods.ts';

test.each([
  ['ghcr.io/authcluster/auth-api:1.2.3', 'IfNotPresent'],
  ['registry:5000/auth-api@sha256:0123', 'IfNotPresent'],
  ['registry:5000/auth-api', 'Always'],
  ['auth-api', 'Always'],
  ['registry.example/auth-api:latest', 'Always'],
])('%s is pulled %s', (image, imagePullPolicy) => {
  expect(changeableImage(image)).toEqual({ image, imagePullPolicy });
});
