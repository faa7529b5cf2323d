const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

export const MEBIBYTE = 2 ** 20;

const QUANTITY = /^(\d+(?:\.\d+)?)(k|M|G|T|Ki|Mi|Gi|Ti)?$/;

/** Whether {@link bytesOf} takes it: Kubernetes knows more forms. */
export function isQuantityOfBytes(quantity: string): boolean {
  return QUANTITY.test(quantity);
}

/** Bytes of a Kubernetes quantity of memory or storage, such as `512Mi`. Throws RangeError for any other text. */
export function bytesOf(quantity: number | string): number {
  const match = QUANTITY.exec(String(quantity));
  if (match === null) throw new RangeError(`not a quantity of bytes: ${quantity}`);
  return Math.round(Number(match[1]) * (UNIT_BYTES[match[2] ?? ''] ?? 1));
}

/** Whole mebibytes, rounded up: `768Mi`. */
export function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / MEBIBYTE)}Mi`;
}

export function clamp(value: number, lowest: number, highest: number): number {
  return Math.min(highest, Math.max(lowest, value));
}
