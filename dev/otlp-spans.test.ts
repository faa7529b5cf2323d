import { expect, test } from '@jest/globals';
import { spansOf } from './otlp-spans.ts';

/** A field that has a length, which is written with seven bits a byte. */
function field(number: number, ...content: (Buffer | string)[]): Buffer {
  const bytes = Buffer.concat(content.map((each) => Buffer.from(each as string)));
  const { length } = bytes;
  const written = length < 128 ? [length] : [(length % 128) + 128, Math.floor(length / 128)];
  return Buffer.concat([Buffer.from([number * 8 + 2, ...written]), bytes]);
}

const traceId = Buffer.from('4bf92f3577b34da6a3ce929d0e0e4736', 'hex');
const spanId = Buffer.from('00f067aa0ba902b7', 'hex');
const kind = Buffer.from([6 * 8 + 0, 2]);
const startTime = Buffer.from([7 * 8 + 1, 1, 2, 3, 4, 5, 6, 7, 8]);
const count = Buffer.from([3 * 8 + 0, 0x96, 0x01]);

function request(...spans: Buffer[]): Buffer {
  return field(1, field(1, 'the resource'), field(2, ...spans));
}

test('spans are read with their ids, their names and the attributes that are text', () => {
  const attributes = [
    field(9, field(1, 'auth.outcome'), field(2, field(1, 'loggedIn'))),
    field(9, field(1, 'count'), field(2, count)),
  ];
  const child = field(2, field(1, traceId), field(2, spanId), field(4, spanId), field(5, 'get_user'), kind, startTime);
  const root = field(2, field(1, traceId), field(2, spanId), field(5, 'ü'), ...attributes);
  expect(spansOf(request(child, root))).toEqual([
    {
      traceId: traceId.toString('hex'),
      spanId: spanId.toString('hex'),
      parentSpanId: spanId.toString('hex'),
      name: 'get_user',
      attributes: new Map(),
    },
    {
      traceId: traceId.toString('hex'),
      spanId: spanId.toString('hex'),
      name: 'ü',
      attributes: new Map([['auth.outcome', 'loggedIn']]),
    },
  ]);
});

test('what is cut off, or is JSON, is refused', () => {
  const whole = request(field(2, field(1, traceId)));
  expect(() => spansOf(whole.subarray(0, whole.length - 1))).toThrow(RangeError);
  expect(() => spansOf(Buffer.from('{"resourceSpans":[]}'))).toThrow(RangeError);
});
