/** The queue is full: answer 503 with Retry-After. */
export interface Overloaded {
  readonly kind: 'overloaded';
  readonly retryAfterSeconds: number;
}

/** What there is too little of: places for passwords to be hashed, connections to the database, or time of the event loop. */
export type OverloadCause = 'overloaded' | 'connections_short' | 'event_loop_late';

/** Whether there is so much to do that what costs most must wait: answer 503 with Retry-After. */
export interface Overload {
  isOverloaded(): boolean;
  /** Undefined where there is no overload. */
  cause(): OverloadCause | undefined;
}
