import type { Turn } from '../domain/ports/account-transfer.ts';

/** One at a time in this process. */
export class SingleTurn implements Turn {
  #isTaken = false;

  tryTake(): (() => void) | undefined {
    if (this.#isTaken) return undefined;
    this.#isTaken = true;
    return () => {
      this.#isTaken = false;
    };
  }
}
