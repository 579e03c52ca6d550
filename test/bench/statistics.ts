/** Middle and smallest of some figures; NaN of none. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1] ?? NaN, sorted[Math.floor(middle)] ?? NaN];
  return (low + high) / 2;
}

export function smallest(figures: readonly number[]): number {
  return figures.reduce((a, b) => Math.min(a, b), Infinity);
}
