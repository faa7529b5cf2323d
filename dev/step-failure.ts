/** A failure with what a person should know and do; printed without a stack trace. */
export class StepFailure extends Error {
  readonly next: string;

  constructor(message: string, next: string) {
    super(message);
    this.next = next;
  }
}
