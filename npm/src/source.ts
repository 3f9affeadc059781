// Opens whatever a model can be loaded from as one kind of stream.

import { argumentError, ProclivityError, toProclivityError } from './errors.js';
import { isNode, nodeFs } from './runtime.js';
import type { NodeFileHandle } from './runtime.js';
import type { ModelSource } from './types.js';

/** A model's bytes as they arrive. */
export interface ModelStream {
  /** Bytes to expect, as far as that is known; a hint, which a compressed answer can prove wrong. */
  readonly total: number | null;
  /** Whether the chunks belong to this package, which may then move their memory elsewhere. */
  readonly owned: boolean;
  /** The next chunk, or `null` after the last. */
  next(): Promise<Uint8Array | null>;
  /** Lets go of the source; safe at any time, also twice. */
  close(): void;
}

const FILE_CHUNK_BYTES = 1 << 20;

/**
 * Opens a model source.
 *
 * @throws {@link ProclivityError} `argument`, `http`, `network` or `file`.
 */
export async function openModel(source: ModelSource, signal?: AbortSignal): Promise<ModelStream> {
  const given: unknown = isThenable(source) ? await settle(source, signal) : source;
  if (typeof given === 'string' || given instanceof URL) return openLocation(given, signal);
  if (isResponse(given)) return openResponse(given);
  if (isBytes(given)) return openBytes(given);
  throw argumentError(
    'a model as a URL, path, Response, ArrayBuffer or Uint8Array',
    given,
    'pass one of these as the first argument of Recommender.load',
  );
}

/** All bytes of a stream. */
export async function readWhole(stream: ModelStream): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for (let chunk = await stream.next(); chunk !== null; chunk = await stream.next()) chunks.push(chunk);
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let end = 0;
  for (const chunk of chunks) {
    whole.set(chunk, end);
    end += chunk.byteLength;
  }
  return whole;
}

async function openLocation(location: string | URL, signal: AbortSignal | undefined): Promise<ModelStream> {
  if (location === '') throw argumentError('a URL or path', location, 'pass where the model is');
  if (isNode() && !/^(https?|data|blob):/i.test(String(location))) return openFile(location);
  return openResponse(await settle(fetch(location, signal === undefined ? {} : { signal }), signal));
}

async function openFile(location: string | URL): Promise<ModelStream> {
  let handle: NodeFileHandle | undefined;
  try {
    const path = typeof location === 'string' && location.startsWith('file:') ? new URL(location) : location;
    handle = await nodeFs().open(path);
    const stat = await handle.stat();
    if (!stat.isFile()) throw new Error('it is not a file');
    return fileStream(handle, stat.size);
  } catch (thrown) {
    void handle?.close();
    if (thrown instanceof ProclivityError) throw thrown;
    throw toProclivityError(
      thrown,
      'file',
      `expected a model file at ${String(location)}; check the path (in Node a relative one starts at the working directory): `,
    );
  }
}

function fileStream(handle: NodeFileHandle, size: number): ModelStream {
  let closed = false;
  const close = (): void => {
    if (closed) return;
    closed = true;
    void handle.close();
  };
  return {
    total: size,
    owned: true,
    async next() {
      if (closed) return null;
      const chunk = new Uint8Array(FILE_CHUNK_BYTES);
      const { bytesRead } = await handle.read(chunk, 0, chunk.length).catch((thrown: unknown) => {
        close();
        throw toProclivityError(thrown, 'file', 'the model file could not be read: ');
      });
      if (bytesRead > 0) return chunk.subarray(0, bytesRead);
      close();
      return null;
    },
    close,
  };
}

function openResponse(response: Response): ModelStream {
  refuseWrongAnswer(response);
  const reader = response.body?.getReader();
  return {
    total: contentLength(response),
    owned: true,
    async next() {
      try {
        const part = await reader?.read();
        return part === undefined || part.done ? null : part.value;
      } catch (thrown) {
        throw toProclivityError(thrown, 'network', 'the download of the model broke off: ');
      }
    },
    close() {
      reader?.cancel().catch(() => undefined);
    },
  };
}

function refuseWrongAnswer(response: Response): void {
  const where = response.url === '' ? 'the model request' : response.url;
  const refuse = (found: string, advice: string): ProclivityError => {
    response.body?.cancel().catch(() => undefined);
    return new ProclivityError('http', `expected a model from ${where}, found ${found}; ${advice}`);
  };
  if (response.bodyUsed || response.body?.locked === true) {
    throw new ProclivityError('argument', 'expected a Response whose body is unread, found one already read; fetch again, or clone() it before');
  }
  if (!response.ok) throw refuse(`HTTP status ${response.status}`, 'check the address and the access rights');
  // Single-page apps answer unknown paths with their index page and status 200.
  if (response.headers.get('content-type')?.toLowerCase().startsWith('text/html') === true) {
    throw refuse('an HTML page', 'check the address: the server has no such file and sent its fallback page');
  }
}

/** `Content-Length`, where it counts what the body will yield: with a `Content-Encoding` it counts compressed bytes. */
function contentLength(response: Response): number | null {
  const encoding = response.headers.get('content-encoding') ?? 'identity';
  const header = response.headers.get('content-length');
  if (header === null || encoding.trim().toLowerCase() !== 'identity') return null;
  const bytes = /^\d+$/.test(header.trim()) ? Number(header) : 0;
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : null;
}

function openBytes(bytes: ArrayBuffer | Uint8Array): ModelStream {
  let rest: Uint8Array | null = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  return {
    total: rest.byteLength,
    owned: false,
    next() {
      const chunk = rest;
      rest = null;
      return Promise.resolve(chunk);
    },
    close() {
      rest = null;
    },
  };
}

/** Awaits a response; an abort keeps the signal's reason, everything else is a network failure. */
async function settle<T>(pending: PromiseLike<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await pending;
  } catch (thrown) {
    signal?.throwIfAborted();
    throw toProclivityError(thrown, 'network', 'the model could not be requested: ');
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** By shape, so that a Response of another realm or of a fetch library counts. */
function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'ok' in value && 'status' in value && 'headers' in value && 'body' in value;
}

function isBytes(value: unknown): value is ArrayBuffer | Uint8Array {
  const tag = Object.prototype.toString.call(value);
  return tag === '[object ArrayBuffer]' || tag === '[object Uint8Array]';
}
