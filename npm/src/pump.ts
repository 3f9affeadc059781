// Moves a model from its source into the engine, chunk by chunk, with progress and abort.

import { abortable } from './abort.js';
import type { EngineLoader } from './engine.js';
import type { ModelStream } from './source.js';
import type { LoadProgress } from './types.js';

/** A server may claim any length; beyond this the engine's memory grows with what really arrives. */
const LARGEST_TRUSTED_HINT = 1 << 29;

/**
 * Feeds the whole stream to the loader. Reports progress after each chunk, and once more at the end with the total.
 * A total that turns out too small (a compressed answer whose encoding CORS hides) is reported as unknown from there on.
 */
export async function pumpModel(
  stream: ModelStream,
  loader: EngineLoader,
  signal: AbortSignal | undefined,
  onProgress: ((progress: LoadProgress) => void) | undefined,
): Promise<void> {
  let total = stream.total;
  let loaded = 0;
  await abortable(loader.begin(total !== null && total <= LARGEST_TRUSTED_HINT ? total : 0), signal);
  for (;;) {
    const chunk = await abortable(stream.next(), signal);
    if (chunk === null) break;
    loaded += chunk.byteLength;
    await abortable(loader.push(chunk, stream.owned), signal);
    if (total !== null && loaded > total) total = null;
    onProgress?.({ loaded, total });
    signal?.throwIfAborted();
  }
  onProgress?.({ loaded, total: loaded });
  signal?.throwIfAborted();
}
