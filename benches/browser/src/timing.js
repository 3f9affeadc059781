// Interleaved rounds: each contender once a round, in an order that moves on from round to round, so that whatever else
// the machine does falls on all alike.

/** A sample lasts at least this long; shorter calls are repeated within it. */
const SAMPLE_MS = 8;
const WARM_UP_MS = 150;
const WARM_UP_CALLS = 3;

/**
 * @param {{ query: (user: Float32Array) => unknown, users: Float32Array[] }[]} contenders users are asked for in turn
 * @returns {Promise<{ samples: number[], reps: number }[]>} milliseconds a call, one sample a round
 */
export async function interleave(contenders, rounds) {
  let turn = 0;
  const call = ({ query, users }, reps) => timed(query, () => users[turn++ % users.length], reps);
  const runs = [];
  for (const contender of contenders) {
    let [calls, spent, last] = [0, 0, 0];
    while (calls < WARM_UP_CALLS || (spent < WARM_UP_MS && calls < 1000)) {
      last = await call(contender, 1);
      spent += last;
      calls++;
    }
    const each = spent / calls;
    runs.push({ contender, reps: Math.max(1, Math.ceil(SAMPLE_MS / Math.min(each, last || each))), samples: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < runs.length; n++) {
      const run = runs[(n + round) % runs.length];
      run.samples.push(await call(run.contender, run.reps));
      await breathe();
    }
  }
  return runs.map(({ samples, reps }) => ({ samples, reps }));
}

/** Milliseconds a call. A contender that answers at once is not made to wait for a microtask. */
async function timed(query, nextUser, reps) {
  const start = performance.now();
  for (let rep = 0; rep < reps; rep++) {
    const answer = query(nextUser());
    if (typeof answer?.then === 'function') await answer;
  }
  return (performance.now() - start) / reps;
}

/** Lets the browser do what it has put off. */
function breathe() {
  return new Promise((done) => setTimeout(done, 0));
}
