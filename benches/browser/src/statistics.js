// Medians and spreads.

/** The value below which `share` of the samples lie, between neighbours linearly. */
export function quantile(samples, share) {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

export function summary(samples) {
  return { median: quantile(samples, 0.5), p10: quantile(samples, 0.1), p90: quantile(samples, 0.9), samples: samples.length };
}

export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
