// What a shop may learn of all its visitors without learning of any one: randomised response, on this device.

import { argumentError } from './errors.js';
import { interests } from './interests.js';
import type { Recommender } from './recommender.js';

/** Options of {@link privateReport}. */
export interface ReportOptions {
  /** Category column of the catalogue, such as `department`. */
  column: string;
  /**
   * The privacy parameter, above 0 and up to 10: whatever a user favours, no answer is more than `e^epsilon` times as likely as it is for
   * another user. 1 is a usual choice; smaller is more private, and takes more users to learn anything.
   */
  epsilon: number;
}

/** What {@link privateReport} hands over. It holds nothing else of the user. */
export interface PrivateReport {
  column: string;
  /** A value of the column, or `null` for nothing: what the user favours, or, by chance, anything else. */
  value: string | null;
  epsilon: number;
  /** How many values the column has on this device. */
  values: number;
}

/**
 * A report that is differentially private before it leaves the device: the value of a category column that the user dealt with most, by
 * k-ary randomised response (Kairouz et al. 2014). It is told truly with probability `e^epsilon / (e^epsilon + k - 1)`, and otherwise
 * any other of the k values (those of the column, and none) is told, each as likely.
 *
 * Nothing calls this but you, and nothing is sent: the report is returned. Each report of a user spends `epsilon` anew, so ask for one and keep it.
 *
 * @throws {@link ProclivityError} `argument` for a column that is no category, or an epsilon out of its bounds.
 */
export async function privateReport(recommender: Recommender, { column, epsilon }: ReportOptions): Promise<PrivateReport> {
  checkEpsilon(epsilon);
  const found = (await recommender.catalogue()).columns[column];
  const [favourite] = await interests(recommender, column);
  const values = found?.type === 'category' ? found.values : [];
  // None comes last; so does what an update of the model brought meanwhile.
  const at = favourite ? values.indexOf(favourite.value) : -1;
  const told = respond(at < 0 ? values.length : at, values.length + 1, epsilon);
  return { column, value: values[told] ?? null, epsilon, values: values.length };
}

/**
 * The shares of users who favour each value, from their reports: `(share told - q) / (p - q)` with p and q the probabilities that a value is
 * told by a user who favours it and by one who does not. Unbiased; a share may come out a little below 0.
 *
 * @param reports - What {@link privateReport} returned, one a user, all of one column and epsilon.
 * @param values - All values of the column, without `null`.
 * @throws {@link ProclivityError} `argument` for no reports, several epsilons, or a value that is not among `values`.
 */
export function estimateShares(reports: readonly PrivateReport[], values: readonly string[]): Map<string | null, number> {
  const [first] = reports;
  if (first === undefined) throw argumentError('at least one report', reports, 'collect some first');
  const { column, epsilon } = first;
  checkEpsilon(epsilon);
  const counts = new Map<string | null, number>([...values, null].map((value) => [value, 0]));
  for (const report of reports) {
    const count = counts.get(report.value);
    if (count === undefined) throw argumentError('reports of the values given', report.value, 'pass all values of the column');
    if (report.epsilon !== epsilon) throw argumentError('reports of one epsilon', report.epsilon, 'estimate each epsilon on its own');
    if (report.column !== column) throw argumentError('reports of one column', report.column, 'estimate each column on its own');
    if (report.values !== values.length) {
      throw argumentError(`reports of ${values.length} values`, report.values, 'leave out those of another model, or of items added on the device');
    }
    counts.set(report.value, count + 1);
  }
  const { truly, other } = probabilities(counts.size, epsilon);
  return new Map([...counts].map(([value, count]) => [value, (count / reports.length - other) / (truly - other)]));
}

/** The probabilities that a value is told by someone of whom it is true, and by someone of whom it is not. */
function probabilities(values: number, epsilon: number): { truly: number; other: number } {
  const weight = Math.exp(epsilon);
  return { truly: weight / (weight + values - 1), other: 1 / (weight + values - 1) };
}

/** One of `values` answers by chance, `truth` the likeliest. */
function respond(truth: number, values: number, epsilon: number): number {
  if (uniform() < probabilities(values, epsilon).truly) return truth;
  const other = Math.floor(uniform() * (values - 1));
  return other < truth ? other : other + 1;
}

/** From 0 up to 1, not to be guessed. */
function uniform(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
}

function checkEpsilon(epsilon: unknown): void {
  if (typeof epsilon === 'number' && epsilon > 0 && epsilon <= 10) return;
  throw argumentError('"epsilon" to be above 0 and at most 10', epsilon, 'pass 1 for a usual choice');
}
