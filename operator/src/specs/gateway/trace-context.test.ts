import { expect, test } from '@jest/globals';
import { clusterWith } from '../../testing/sample-clusters.ts';
import { traceContext } from './trace-context.ts';

const flagsAt = (samplingRatio: number) => {
  const api = { tracing: { endpoint: 'http://collector:4318', samplingRatio } };
  return traceContext(clusterWith({ api })).find((each) => each.startsWith('split_clients'));
};

test.each([
  [0, undefined],
  [0.000001, '0.01% 01;'],
  [0.1, '10% 01;'],
  [0.12345, '12.35% 01;'],
  [1, '100% 01;'],
])('of the traces that begin here, %d are sampled', (ratio, share) => {
  const lines = [
    'split_clients $request_id $begun_flags {',
    ...(share === undefined ? [] : [`  ${share}`]),
    '  * 00;',
    '}',
  ];
  expect(flagsAt(ratio)).toBe(lines.join('\n'));
});

test('none begins where the API is not traced', () => {
  expect(traceContext(clusterWith({})).join('\n')).not.toContain('$request_id');
});
