import type { SlotRange } from './slots.ts';

/** One command on one pod; `moveSlots` is many, on two, and may be left off after any of them. */
export type Action =
  | { do: 'setConfigEpoch'; on: string; epoch: number }
  | { do: 'addSlots'; on: string; ranges: readonly SlotRange[] }
  | { do: 'bumpEpoch'; on: string }
  | { do: 'meet'; on: string; ip: string }
  | { do: 'takeover'; on: string }
  /** It drops what it has, and knows nobody: as if it was just born. */
  | { do: 'reset'; on: string }
  | { do: 'forget'; on: string; id: string }
  | { do: 'replicate'; on: string; primaryId: string }
  | { do: 'moveSlots'; on: string; to: string; ranges: readonly SlotRange[] }
  | { do: 'claimSlot'; on: string; slot: number; id: string }
  | { do: 'closeSlot'; on: string; slot: number }
  | { do: 'failover'; on: string };
