/** The queue is full: answer 503 with Retry-After. */
export interface Overloaded {
  readonly kind: 'overloaded';
  readonly retryAfterSeconds: number;
}

/** Whether there is so much to do that what costs most must wait: answer 503 with Retry-After. */
export interface Overload {
  isOverloaded(): boolean;
}
