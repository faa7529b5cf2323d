import { trace } from '@opentelemetry/api';
import { ApiError } from '../kubernetes/errors.ts';
import type { ApiRequest, Transport } from '../kubernetes/transport.ts';
import { inSpan, noteInSpan } from './spans.ts';

/** A span for each call that is part of something; lists, watches and the lease are of themselves and have none. */
export function traced(transport: Transport): Transport {
  return {
    send: (request) => (trace.getActiveSpan() === undefined ? transport.send(request) : sendInSpan(transport, request)),
    stream: (request) => transport.stream(request),
  };
}

function sendInSpan(transport: Transport, request: ApiRequest): Promise<unknown> {
  const { method, path } = request;
  // The path names objects; bodies and queries are left out.
  return inSpan(method, { 'http.request.method': method, 'url.path': path }, async () => {
    try {
      return await transport.send(request);
    } catch (error) {
      if (error instanceof ApiError) noteInSpan({ 'http.response.status_code': error.status });
      throw error;
    }
  });
}
