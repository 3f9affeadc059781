// What each page is asked: the same user, the same model, ten items.
export const MODEL = 'mlp-10k-f32';

export function firstUser(dim) {
  return Float32Array.from({ length: dim }, (_, j) => Math.sin(1 + j) / 4);
}

/** Milliseconds since the navigation began, and what came out. */
export function tell(items) {
  window.first = { millis: performance.now(), items };
}
