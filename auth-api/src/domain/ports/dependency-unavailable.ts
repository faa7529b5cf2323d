/** What the domain needs of the world. Outcomes that are to be expected are values, not errors. */

/** A dependency did not answer, or not in time: answer 503 with Retry-After. Nothing is known of what was asked. */
export class DependencyUnavailableError extends Error {
  override name = 'DependencyUnavailableError';
  readonly dependency: string;
  readonly retryAfterSeconds: number;

  constructor(dependency: string, retryAfterSeconds: number, options?: ErrorOptions) {
    super(`${dependency} is not available`, options);
    this.dependency = dependency;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
