// Reading and writing the WebAssembly binary format, as far as the scripts beside this one need it.

/** Reads a buffer from a place on. */
export class Cursor {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get done() {
    return this.at >= this.bytes.length;
  }

  byte() {
    return this.bytes[this.at++];
  }

  /** An unsigned LEB128 number. */
  number() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  /** Passes a LEB128 number of either sign. */
  skip() {
    while (this.byte() >= 128);
  }

  take(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** Bytes after their number. */
  vector() {
    return this.take(this.number());
  }

  text() {
    return this.vector().toString();
  }
}

/** An unsigned LEB128 number. */
export function leb(value) {
  const bytes = [];
  do {
    bytes.push((value & 127) | (value > 127 ? 128 : 0));
    value = Math.floor(value / 128);
  } while (value > 0);
  return Buffer.from(bytes);
}

/** Bytes after their number. */
export const vector = (bytes) => Buffer.concat([leb(bytes.length), bytes]);

export const CUSTOM = 0;
export const IMPORT = 2;
export const FUNCTIONS = 3;
export const EXPORT = 7;
export const ELEMENTS = 9;
export const CODE = 10;

/** The sections of a module: `id`, `name` where it is custom, and `body`, behind the name. */
export function sections(module) {
  const found = [];
  for (const cursor = new Cursor(module, 8); !cursor.done;) {
    const id = cursor.byte();
    const inner = new Cursor(cursor.vector());
    const name = id === CUSTOM ? inner.text() : '';
    found.push({ id, name, body: inner.bytes.subarray(inner.at) });
  }
  return found;
}

/** The module of these sections. */
export function assemble(parts) {
  const header = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const section = ({ id, name, body }) =>
    Buffer.concat([Buffer.from([id]), vector(id === CUSTOM ? Buffer.concat([vector(Buffer.from(name)), body]) : body)]);
  return Buffer.concat([header, ...parts.map(section)]);
}

/** Calls `visit` with module, name, kind and the bytes of the description of each import. */
export function eachImport(body, visit) {
  const cursor = new Cursor(body);
  for (let count = cursor.number(); count > 0; count--) {
    const [module, name] = [cursor.text(), cursor.text()];
    const from = cursor.at;
    const kind = cursor.byte();
    if (kind === 1) cursor.byte();
    if (kind === 3) cursor.take(2);
    else if (kind === 1 || kind === 2) {
      const flags = cursor.number();
      for (let bounds = flags & 1 ? 2 : 1; bounds > 0; bounds--) cursor.number();
    } else cursor.number();
    visit({ module, name, kind, description: body.subarray(from, cursor.at) });
  }
}

/** Calls `visit` with name, kind and index of each export. */
export function eachExport(body, visit) {
  const cursor = new Cursor(body);
  for (let count = cursor.number(); count > 0; count--) {
    visit({ name: cursor.text(), kind: cursor.byte(), index: cursor.number() });
  }
}

/** Immediates of the instructions, by opcode: a reader for each that has any. */
const memory = (code) => {
  if (code.number() & 64) code.number();
  code.skip();
};
const numbers = (count) => (code) => {
  for (let n = 0; n < count; n++) code.skip();
};
const bytes = (count) => (code) => code.take(count);
const IMMEDIATES = new Map([
  ...[0x02, 0x03, 0x04, 0x0c, 0x0d, 0x10].map((opcode) => [opcode, numbers(1)]),
  [0x0e, (code) => numbers(code.number() + 1)(code)],
  [0x11, numbers(2)],
  [0x1c, (code) => code.vector()],
  ...range(0x20, 0x26).map((opcode) => [opcode, numbers(1)]),
  ...range(0x28, 0x3e).map((opcode) => [opcode, memory]),
  ...[0x3f, 0x40, 0x41, 0x42, 0xd0, 0xd2].map((opcode) => [opcode, numbers(1)]),
  [0x43, bytes(4)],
  [0x44, bytes(8)],
  [0xfc, (code) => numbers([0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1][code.number()])(code)],
  [0xfd, simd],
]);
const PLAIN = new Set([0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b, ...range(0x45, 0xc4), 0xd1]);

function simd(code) {
  const opcode = code.number();
  if (opcode <= 11 || opcode === 92 || opcode === 93) memory(code);
  else if (opcode === 12 || opcode === 13) code.take(16);
  else if (opcode >= 21 && opcode <= 34) code.byte();
  else if (opcode >= 84 && opcode <= 91) {
    memory(code);
    code.byte();
  }
}

function range(first, last) {
  return Array.from({ length: last - first + 1 }, (_, n) => first + n);
}

/** Passes one instruction; gives its opcode. */
export function instruction(code) {
  const opcode = code.byte();
  const immediates = IMMEDIATES.get(opcode);
  if (immediates) immediates(code);
  else if (!PLAIN.has(opcode)) throw new Error(`expected a WebAssembly instruction, found opcode 0x${opcode.toString(16)}`);
  return opcode;
}
