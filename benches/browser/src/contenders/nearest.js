// Inner product as distance, for searches that know only distances (Bachrach et al. 2014, "Speeding up the Xbox
// recommender system"): one more column, `sqrt(M² - |x|²)` with M the largest norm, 0 for the query. The order by distance
// is then the order by inner product.

/** @returns {Float32Array} (n, d + 1) */
export function withNormColumn({ rows, items, dim }) {
  const squared = Float64Array.from({ length: items }, (_, item) => {
    let sum = 0;
    for (let j = 0; j < dim; j++) sum += rows[item * dim + j] ** 2;
    return sum;
  });
  const largest = squared.reduce((a, b) => Math.max(a, b), 0);
  const out = new Float32Array(items * (dim + 1));
  for (let item = 0; item < items; item++) {
    out.set(rows.subarray(item * dim, (item + 1) * dim), item * (dim + 1));
    out[item * (dim + 1) + dim] = Math.sqrt(Math.max(0, largest - squared[item]));
  }
  return out;
}

export function withZero(user) {
  const out = new Float32Array(user.length + 1);
  out.set(user);
  return out;
}
