// Asks each contender before it is timed, and holds what it says to the float64 reference.
import { mean } from './statistics.js';
import { judge, referenceScores, userQuantisationBound } from './oracle.js';

const TOP = 10;
/** Share of max(1, |score|) that float32 arithmetic may be off. */
const FLOAT = 1e-4;
/** Share of the range of all scores that an int8 network may be off: its activations are rounded to int8 layer by layer. */
const INT8_MLP = 0.08;
/** Steps of the user's quantisation: half a step by rounding, twice that with an asymmetric range. */
const USER_STEPS = 2;

/** For each way of answering: how far a score may be off, and the least share of the reference's top 10, on average. */
const RULES = {
  float: { tolerance: floatTolerance, leastRecall: 0, complete: true },
  'int8-user': {
    tolerance: (model, user, reference) => floatTolerance(model, user, reference) + USER_STEPS * userQuantisationBound(model, user),
    leastRecall: 0.9,
    complete: true,
  },
  'int8-mlp': { tolerance: int8Tolerance, leastRecall: 0.9, complete: true },
  cascade: { tolerance: int8Tolerance, leastRecall: 0.9, complete: false },
  approximate: { tolerance: () => null, leastRecall: 0.5, complete: false },
};

/** The users that are asked for in the checks, each with its reference: computed once for all contenders. */
export function makeReference(model, users) {
  return users.map((user) => ({ user, scores: referenceScores(model, user), model }));
}

/**
 * @returns {Promise<{ recall: number, worst: number, tolerance: number | null, asked: number }>}
 * @throws when an answer is wrong: the contender must not be timed then
 */
export async function check(session, answers, references) {
  const { tolerance, leastRecall, complete } = RULES[answers];
  const found = [];
  let largest = null;
  for (const { user, scores, model } of references) {
    const allowed = tolerance(model, user, scores);
    largest = allowed === null ? null : Math.max(largest ?? 0, allowed);
    found.push(judge(session.read(await session.query(user)), scores, { k: TOP, tolerance: allowed, complete }));
  }
  const recall = mean(found.map((one) => one.recall));
  if (recall < leastRecall) {
    throw new Error(`expected at least ${leastRecall} of the reference's top ${TOP} on average, found ${recall.toFixed(3)}`);
  }
  return { recall, worst: Math.max(...found.map((one) => one.worst)), tolerance: largest, asked: references.length };
}

function floatTolerance(_model, _user, reference) {
  return FLOAT * reference.reduce((most, score) => Math.max(most, Math.abs(score)), 1);
}

function int8Tolerance(_model, _user, reference) {
  const [low, high] = reference.reduce(([a, b], score) => [Math.min(a, score), Math.max(b, score)], [Infinity, -Infinity]);
  return INT8_MLP * (high - low);
}
