import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { isHotPath } from './hot-path.ts';

/** Of the checks that no caller traces, those that are left to OpenTelemetry's own sampler: as many as have a line in the log. */
const tracedShare = 0.01;
/** In `00-<32 digits>-<16 digits>-<flags>` (W3C Trace Context), the digit whose lowest bit says that the caller records. */
const sampledAt = 54;

/**
 * A span costs more than a check, recorded or not: most checks go past what OpenTelemetry has put around the server's
 * `emit`. Those of a trace that is recorded do not.
 * @param random in [0, 1)
 */
export function leaveChecksUntraced(server: Server, random: () => number): void {
  const traced = server.emit;
  const plain = EventEmitter.prototype.emit;
  server.emit = (event: string, ...given: unknown[]) => {
    const isUntraced = event === 'request' && isUntracedCheck(given[0] as IncomingMessage, random);
    return (isUntraced ? plain : traced).call(server, event, ...given);
  };
}

export function isUntracedCheck({ url = '', headers }: IncomingMessage, random: () => number): boolean {
  if (!isHotPath(url)) return false;
  const { traceparent } = headers;
  if (typeof traceparent !== 'string') return random() >= tracedShare;
  return (Number.parseInt(traceparent.charAt(sampledAt), 16) & 1) === 0;
}
