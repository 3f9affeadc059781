// The reference: every score in float64, and the judgement whether an answer may be timed.

/** Scores of all items for `user`, in float64. */
export function referenceScores(model, user) {
  const { items, dim, rows, layers, skip } = model;
  const scores = new Float64Array(items);
  const weight = layers.length === 0 ? 1 : skip;
  for (let item = 0; item < items && weight !== 0; item++) {
    let dot = 0;
    for (let j = 0; j < dim; j++) dot += user[j] * rows[item * dim + j];
    scores[item] = weight * dot;
  }
  if (layers.length > 0) addMlp(model, user, scores);
  return scores;
}

function addMlp({ items, dim, rows, layers }, user, scores) {
  const [first, ...others] = layers;
  const userHalf = new Float64Array(first.outputs);
  for (let o = 0; o < first.outputs; o++) {
    let sum = first.bias[o];
    for (let j = 0; j < dim; j++) sum += first.weight[o * first.inputs + j] * user[j];
    userHalf[o] = sum;
  }
  for (let item = 0; item < items; item++) {
    let hidden = userHalf.slice();
    for (let o = 0; o < first.outputs; o++) {
      for (let j = 0; j < dim; j++) hidden[o] += first.weight[o * first.inputs + dim + j] * rows[item * dim + j];
    }
    for (const { weight, bias, inputs, outputs } of others) {
      const next = Float64Array.from(bias);
      for (let o = 0; o < outputs; o++) {
        for (let j = 0; j < inputs; j++) next[o] += weight[o * inputs + j] * Math.max(0, hidden[j]);
      }
      hidden = next;
    }
    scores[item] += hidden[0];
  }
}

/** The k best items, best first, ties by the lower index. */
export function bestItems(scores, k) {
  const order = [];
  const better = (a, b) => scores[b] - scores[a] || a - b;
  for (let item = 0; item < scores.length; item++) {
    if (order.length === k && better(item, order[k - 1]) > 0) continue;
    if (order.length === k) order.pop();
    let at = order.length;
    while (at > 0 && better(item, order[at - 1]) < 0) at--;
    order.splice(at, 0, item);
  }
  return order;
}

/**
 * What an int8 user vector may cost: half a quantisation step in every place, in the worst row. An integer kernel that
 * quantises the user once a query stays within it.
 */
export function userQuantisationBound({ rows, dim, items }, user) {
  const step = user.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0) / 127;
  let worst = 0;
  for (let item = 0; item < items; item++) {
    let sum = 0;
    for (let j = 0; j < dim; j++) sum += Math.abs(rows[item * dim + j]);
    worst = Math.max(worst, sum);
  }
  return (step / 2) * worst;
}

/**
 * Holds an answer to the reference. `tolerance` bounds the error of each returned score; with `complete` also how far an
 * item that was returned may lie below the k-th best, which makes it the top k but for ties within the tolerance.
 *
 * @returns {{ recall: number, worst: number }} worst: the largest error as a share of the tolerance
 */
export function judge({ items, scores }, reference, { k, tolerance, complete }) {
  const best = bestItems(reference, k);
  if (items.length !== k || new Set(items).size !== k) {
    throw new Error(`expected ${k} distinct items, found ${items.length} (${[...items].join(' ')})`);
  }
  let worst = 0;
  if (tolerance !== null) {
    const last = reference[best[k - 1]];
    items.forEach((item, place) => {
      const off = scores === null ? 0 : Math.abs(scores[place] - reference[item]);
      const below = complete ? last - reference[item] : 0;
      worst = Math.max(worst, off / tolerance, below / tolerance);
    });
    if (!(worst <= 1)) throw new Error(`expected scores within ${tolerance.toPrecision(2)} of float64, found ${worst.toFixed(1)} times that`);
  }
  return { recall: items.filter((item) => best.includes(item)).length / k, worst };
}
