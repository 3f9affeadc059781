// The rows of what the device knows of its user, measured by replaying a log event by event.

/** Times the share that the population's best window holds. */
const TIMING_SHARE = 1.3;

/** @returns {{ id: string, fast: boolean, split: string, measure: (lab: import('./lab.js').Lab) => Promise<object> }[]} */
export function personRows() {
  return [{ id: 'timing', split: 'complete-journey-temporal', fast: true, measure: timing }];
}

/** Whether the best four hours of a user hold the next visit, of a month that the model was not trained on. */
async function timing(lab) {
  const { timing: { rhythm, population, own, visits } } = await lab.replayed('complete-journey-temporal');
  const value = rhythm / population;
  const percent = (share) => `${(100 * share).toFixed(2)} %`;
  const pass = value >= TIMING_SHARE && rhythm > own;
  return { value, target: TIMING_SHARE, pass, note: `the next visit is within the user's best 4 hours in ${percent(rhythm)} of ${visits}, within the population's in ${percent(population)}, around the user's most frequent hour in ${percent(own)}` };
}
