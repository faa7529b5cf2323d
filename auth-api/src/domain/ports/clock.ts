/** Time on the calendar, in milliseconds since 1970. */
export interface Clock {
  nowMs(): number;
}
