const CPU_UNITS: Readonly<Record<string, number>> = { n: 1e-9, u: 1e-6, m: 1e-3, '': 1 };
const MEMORY_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Cores of a Kubernetes CPU quantity, such as 250m or 12345678n. @throws RangeError for what is none */
export function coresOf(quantity: string): number {
  return amountOf(quantity, CPU_UNITS);
}

/** Mebibytes of a Kubernetes memory quantity, such as 512Mi or 1000k. @throws RangeError for what is none */
export function mebibytesOf(quantity: string): number {
  return amountOf(quantity, MEMORY_UNITS) / 2 ** 20;
}

function amountOf(quantity: string, units: Readonly<Record<string, number>>): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(quantity) ?? [];
  const factor = units[unit];
  if (digits === undefined || factor === undefined) throw new RangeError(`${quantity} is no quantity`);
  return Number(digits) * factor;
}
