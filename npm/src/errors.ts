/**
 * What every failure of this package is: an `Error` with a stable, machine-readable `code`.
 *
 * Codes raised by the package itself:
 *
 * | code | meaning |
 * |---|---|
 * | `argument` | a call was given something it does not take; the message names it |
 * | `disposed` | the recommender was disposed of |
 * | `http` | the server answered with an error status, or with a page instead of a model |
 * | `network` | the request failed before an answer came |
 * | `file` | a local file could not be read (Node) |
 * | `wasm` | the WebAssembly module could not be fetched or compiled |
 * | `worker` | the worker could not be started, or died |
 * | `unsupported` | this runtime lacks something that was asked for |
 * | `storage` | the profile could not be stored; it stays in effect until the page closes, and goes along with the next write |
 * | `storage_full` | likewise, since the browser grants no more room |
 * | `storage_damaged` | what was stored could not be read and was set aside (told by `onProblem`); it is the `cause` |
 * | `internal` | a defect in this package; please report it |
 *
 * Codes raised by the engine: `model_format`, `model_version`, `model_tensor` and `model_integrity` (the model file),
 * `delta` (an update), `unknown_item`, `argument`, `out_of_memory`, and `golden_mismatch` (the engine does not give the stored answers).
 *
 * An aborted `load` is the one exception: it rejects with the signal's own reason, as `fetch` does.
 */
export class ProclivityError extends Error {
  override readonly name = 'ProclivityError';
  /** Stable snake_case identifier of the kind of failure. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Makes a {@link ProclivityError} of anything thrown: engine errors keep their code, the rest becomes `fallbackCode`. */
export function toProclivityError(thrown: unknown, fallbackCode = 'internal', prefix = ''): ProclivityError {
  if (thrown instanceof ProclivityError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const code = thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
  // Engine codes are snake_case; Node's own (ENOENT, ERR_...) are not ours to pass on.
  const ours = code !== undefined && /^[a-z][a-z0-9_]*$/.test(code);
  return new ProclivityError(ours ? code : fallbackCode, prefix + message, { cause: thrown });
}

/** An `argument` error in the house form: what was expected, what was found, what to do. */
export function argumentError(expected: string, found: unknown, advice: string): ProclivityError {
  return new ProclivityError('argument', `expected ${expected}, found ${describe(found)}; ${advice}`);
}

/** Names a value in an error message, short enough to read. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === undefined || value === null) return String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : `an array of ${value.length}`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  const name = (Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null)?.constructor?.name;
  return name !== undefined && name !== 'Object' ? `a ${name}` : 'an object';
}
