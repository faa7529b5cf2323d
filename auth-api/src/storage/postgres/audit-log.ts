import { createHmac } from 'node:crypto';
import type { AuditBuffer } from '../../audit/audit-buffer.ts';
import {
  type AuditEvent,
  type AuditFilter,
  type AuditLog,
  type AuditOrigin,
  type AuditPosition,
  PendingAuditEvent,
} from '../../domain/audit.ts';
import type { Clock } from '../../domain/ports/clock.ts';
import { type AuditEventRow, auditEventOf, auditPage, insertAuditEvents } from './audit-events.ts';
import type { Database } from './database.ts';

export interface AuditLogOptions {
  readonly primary: Database;
  readonly buffer: Pick<AuditBuffer, 'note'>;
  readonly clock: Clock;
  /** Makes the hashes of what was typed: a plain hash could be looked up in a list of names. */
  readonly key: () => Buffer;
}

export class PostgresAuditLog implements AuditLog {
  readonly #options: AuditLogOptions;

  constructor(options: AuditLogOptions) {
    this.#options = options;
  }

  begin(type: string, origin: AuditOrigin): PendingAuditEvent {
    const { clock, key } = this.#options;
    const hashName = (name: string) =>
      createHmac('sha256', key()).update('audit user name\0').update(name).digest('base64url');
    return new PendingAuditEvent({ type, origin, clock, hashName });
  }

  note(event: AuditEvent): void {
    this.#options.buffer.note(event);
  }

  async record(event: AuditEvent): Promise<void> {
    await insertAuditEvents((statement, values) => this.#options.primary.query(statement, values), [event]);
  }

  async page(filter: AuditFilter, after: AuditPosition | undefined, limit: number): Promise<readonly AuditEvent[]> {
    const { statement, values } = auditPage(filter, after, limit);
    return (await this.#options.primary.read<AuditEventRow>(statement, values)).map(auditEventOf);
  }
}
