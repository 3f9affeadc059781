const money = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const whole = new Intl.NumberFormat('en-US');

/** A price in dollars; the catalogue has no price for a few products. */
export function price(value: number): string {
  return Number.isFinite(value) && value > 0 ? money.format(value) : 'Price in store';
}

export function total(value: number): string {
  return money.format(value);
}

export function count(value: number): string {
  return whole.format(value);
}

/** "1 product", "12 products". */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** Decimal units, as browsers and hosts count a download. */
export function bytes(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} MB`;
  if (value >= 1e3) return `${Math.round(value / 1e3)} KB`;
  return `${value} bytes`;
}

export function millis(value: number): string {
  if (value >= 100) return `${Math.round(value)} ms`;
  return `${value.toFixed(value >= 10 ? 1 : 2)} ms`;
}
