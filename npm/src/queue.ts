/**
 * Runs tasks one after the other in the order they were added; a failed one does not hold up the next.
 *
 * It makes overlapping calls of one recommender safe (the engine takes one at a time) and gives them a meaning: each
 * sees the effect of all that were made before it, awaited or not.
 */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();

  add<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => undefined);
    return result;
  }
}
