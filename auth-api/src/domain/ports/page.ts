/** A keyset page: what comes after this id in the list's order. */
export interface Page {
  readonly after: string | undefined;
  readonly limit: number;
}
