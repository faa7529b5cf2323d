export interface ReceivedSpan {
  /** Ids are in hexadecimal digits, as `traceparent` has them. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** Those that are text. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** The spans of an ExportTraceServiceRequest, as OTLP over HTTP sends it unless it is told to send JSON. */
export function spansOf(request: Buffer): ReceivedSpan[] {
  // Resources hold scopes, and these hold spans.
  const scopes = held(request, 1).flatMap((resource) => held(resource, 2));
  return scopes.flatMap((scope) => held(scope, 2).map(spanOf));
}

/** Fields by their numbers in opentelemetry/proto/trace/v1/trace.proto. */
function spanOf(span: Buffer): ReceivedSpan {
  const id = (field: number) => held(span, field)[0]?.toString('hex') ?? '';
  const parentSpanId = id(4);
  return {
    traceId: id(1),
    spanId: id(2),
    ...(parentSpanId === '' ? {} : { parentSpanId }),
    name: textOf(span, 5) ?? '',
    attributes: new Map(held(span, 9).flatMap(textAttribute)),
  };
}

function textAttribute(keyValue: Buffer): [key: string, value: string][] {
  const text = held(keyValue, 2).map((value) => textOf(value, 1))[0];
  return text === undefined ? [] : [[textOf(keyValue, 1) ?? '', text]];
}

function textOf(message: Buffer, field: number): string | undefined {
  return held(message, field)[0]?.toString('utf8');
}

/** What the field holds, each time that it is there: a message, a text or bytes. */
function held(message: Buffer, wanted: number): Buffer[] {
  return fieldsOf(message).flatMap(({ field, content }) => (field === wanted ? [content] : []));
}

/** The fields that have a length; numbers are passed over. See https://protobuf.dev/programming-guides/encoding/. */
function fieldsOf(message: Buffer): { field: number; content: Buffer }[] {
  const fields: { field: number; content: Buffer }[] = [];
  let at = 0;
  const number = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message.readUInt8(at);
      at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  const bytes = (length: number) => {
    if (at + length > message.length) throw new RangeError(`a field of ${length} bytes ends beyond its message`);
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = number();
    const type = tag % 8;
    if (type === 2) fields.push({ field: Math.floor(tag / 8), content: bytes(number()) });
    else if (type === 0) number();
    else if (type === 1) bytes(8);
    else if (type === 5) bytes(4);
    else throw new RangeError(`a field is of the wire type ${type}, which protobuf no longer has`);
  }
  return fields;
}
