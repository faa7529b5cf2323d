import { joined, type SlotRange, slotsIn, without } from '../redis/slots.ts';
import type { OpenSlot } from '../redis/topology.ts';
import { highestEpoch, type Node, oneSlot, selfOf } from './simulated-node.ts';

export function addSlots(node: Node, ranges: readonly SlotRange[]): void {
  const busy = [...node.table.values()].flatMap(({ slots }) => slots);
  if (slotsIn(without(ranges, busy)) < slotsIn(ranges)) return;
  const self = selfOf(node);
  self.slots = joined([...self.slots, ...ranges]);
}

/** IMPORTING, MIGRATING, keys, NODE on the target, NODE on the source: the first `steps` of them. */
export function moveStep(source: Node, target: Node, range: SlotRange, steps: number): boolean {
  const owned = slotsIn(without([range], selfOf(source).slots)) === 0;
  const foreign = slotsIn(without([range], selfOf(target).slots)) === slotsIn([range]);
  const acquainted = source.table.has(target.id) && target.table.has(source.id);
  if (!target.up || !foreign || !acquainted || selfOf(target).primaryId !== undefined) return false;
  if (steps < 5) setOpen(target, range.first, 'arriving', source.id);
  if (!owned) return false;
  if (steps >= 2 && steps < 5) setOpen(source, range.first, 'leaving', target.id);
  for (const key of steps < 3 ? [] : [...source.keys]) {
    if (without([oneSlot(key)], [range]).length > 0) continue;
    source.keys.delete(key);
    target.keys.add(key);
  }
  if (steps >= 4) assign(target, target, [range]);
  if (steps >= 5) assign(source, target, [range]);
  return true;
}

function setOpen(node: Node, slot: number, direction: OpenSlot['direction'], peer: string): void {
  node.open = [...node.open.filter((open) => open.slot !== slot), { slot, direction, peer }];
}

/** SETSLOT NODE: in the eyes of `node`, `owner` has them now. An importing node makes its claim the strongest. */
export function assign(node: Node, owner: Node, ranges: readonly SlotRange[]): void {
  for (const entry of node.table.values()) entry.slots = without(entry.slots, ranges);
  const entry = node.table.get(owner.id);
  if (entry !== undefined) entry.slots = joined([...entry.slots, ...ranges]);
  node.open = node.open.filter(({ slot }) => without([oneSlot(slot)], ranges).length > 0);
  if (node === owner) selfOf(node).epoch = highestEpoch(node) + 1;
}
