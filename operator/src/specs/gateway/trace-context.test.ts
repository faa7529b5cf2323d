import { expect, test } from '@jest/globals';
import { clusterWith } from '../../testing/sample-clusters.ts';
import { traceContext } from './trace-context.ts';

const flagsAt = (samplingRatio: number, of: 'checks' | 'others') => {
  const api = { tracing: { endpoint: 'http://collector:4318', samplingRatio } };
  return traceContext(clusterWith({ api })).find((each) => each.includes(`$begun_flags_of_${of} {`));
};

const split = (of: string, share?: string) =>
  [
    `split_clients $request_id $begun_flags_of_${of} {`,
    ...(share === undefined ? [] : [`  ${share}`]),
    '  * 00;',
    '}',
  ].join('\n');

test.each([
  [0, undefined, undefined],
  [0.000001, '0.01% 01;', '0.01% 01;'],
  [0.1, '10% 01;', '0.1% 01;'],
  [0.12345, '12.35% 01;', '0.12% 01;'],
  [1, '100% 01;', '1% 01;'],
])('of the traces that begin here, %d are sampled, of checks a hundredth', (ratio, others, checks) => {
  expect(flagsAt(ratio, 'others')).toBe(split('others', others));
  expect(flagsAt(ratio, 'checks')).toBe(split('checks', checks));
});

test('none begins where the API is not traced', () => {
  expect(traceContext(clusterWith({})).join('\n')).not.toContain('$request_id');
});
