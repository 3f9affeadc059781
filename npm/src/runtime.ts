// The differences between Node and browsers, asked for at the time of use and never at import.

import { ProclivityError } from './errors.js';

/** The part of Node's `process` this package uses. */
interface NodeProcess {
  versions?: { node?: string };
  type?: string;
  getBuiltinModule?: (id: string) => unknown;
}

/** The part of Node's `fs/promises` this package uses. */
export interface NodeFs {
  readFile(path: string | URL): Promise<Uint8Array<ArrayBuffer>>;
  open(path: string | URL): Promise<NodeFileHandle>;
}

/** The part of a `FileHandle` this package uses. */
export interface NodeFileHandle {
  stat(): Promise<{ size: number; isFile(): boolean }>;
  read(buffer: Uint8Array, offset: number, length: number): Promise<{ bytesRead: number }>;
  close(): Promise<void>;
}

function nodeProcess(): NodeProcess | undefined {
  const candidate = (globalThis as { process?: NodeProcess }).process;
  // An Electron renderer shows Node's globals but is a browser in what matters here.
  return candidate?.versions?.node !== undefined && candidate.type !== 'renderer' ? candidate : undefined;
}

/** Whether this is Node (or a runtime that gives itself out as Node). */
export function isNode(): boolean {
  return nodeProcess() !== undefined;
}

/**
 * Node's `fs/promises`, through `process.getBuiltinModule`: no import statement, so a bundler for the browser has
 * nothing to resolve, polyfill or split off.
 */
export function nodeFs(): NodeFs {
  const process = nodeProcess();
  if (typeof process?.getBuiltinModule !== 'function') {
    throw new ProclivityError(
      'unsupported',
      `expected Node 20.16 or newer to read a local file, found ${process?.versions?.node ?? 'no Node'}; update Node, or pass the bytes`,
    );
  }
  return process.getBuiltinModule('fs/promises') as NodeFs;
}
