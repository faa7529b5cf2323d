export interface SpanNotes<T> {
  /** Recorded as a keyed hash. */
  readonly username?: string;
  /** A word of ours for how it ended. */
  readonly outcome?: (result: T) => string;
}

/** Records the parts of a request for its trace; only calls `work` while nobody traces. */
export interface Spans {
  run<T>(name: string, work: () => Promise<T>, notes?: SpanNotes<T>): Promise<T>;
}
