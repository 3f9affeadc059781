// Puts functions that are alike beside each other: `node order-functions.mjs MODULE`. gzip finds what it has seen only
// within the last 32 KB; the compiler's order leaves 0.7 KB of that unused. What a module does does not depend on it.
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

import { CODE, Cursor, ELEMENTS, EXPORT, FUNCTIONS, IMPORT } from './wasm-binary.mjs';
import { assemble, eachExport, eachImport, instruction, leb, sections, vector } from './wasm-binary.mjs';

const CALL = 0x10;
const REF_FUNC = 0xd2;
const FUNCTION = 0;
/** Bytes of a word that two functions may share. */
const WORD = 4;
/**
 * A short function shares all it has with many; a number of words is added to its own, so that long ones are not left over.
 * Which number serves best is a matter of chance: all are tried.
 */
const HEADSTARTS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 28];

const file = process.argv[2];
const parts = sections(readFileSync(file));
const body = (id) => parts.find((part) => part.id === id).body;

let imported = 0;
eachImport(body(IMPORT), ({ kind }) => (imported += kind === FUNCTION ? 1 : 0));
const list = (bytes, read) => {
  const cursor = new Cursor(bytes);
  return Array.from({ length: cursor.number() }, () => read(cursor));
};
const types = list(body(FUNCTIONS), (cursor) => cursor.number());
const functions = list(body(CODE), (cursor) => cursor.vector());

const words = functions.map((code) => {
  const places = Math.max(0, code.length - WORD + 1);
  return new Set(Array.from({ length: places }, (_, at) => code.readUInt32LE(at)));
});
/** How many words each two functions share. */
const shared = words.map((some, a) => words.map((others, b) => (b < a ? common(some, others) : 0)));

function common(some, others) {
  const [fewer, more] = some.size < others.size ? [some, others] : [others, some];
  let count = 0;
  for (const word of fewer) if (more.has(word)) count++;
  return count;
}

/** Functions by their old place, each the most like the one before it; the longest first. */
function order(headstart) {
  const left = new Set(functions.keys());
  const ordered = [functions.reduce((best, code, n) => (code.length > functions[best].length ? n : best), 0)];
  for (;;) {
    const last = ordered.at(-1);
    left.delete(last);
    if (left.size === 0) return ordered;
    let [next, most] = [0, -1];
    for (const n of left) {
      const likeness = shared[Math.max(n, last)][Math.min(n, last)] / Math.sqrt(words[n].size + headstart);
      if (likeness > most) [next, most] = [n, likeness];
    }
    ordered.push(next);
  }
}

const count = (entries) => Buffer.concat([leb(entries.length), ...entries]);

/** The module with its functions in this order. */
function inOrder(ordered) {
  const places = new Map(ordered.map((old, place) => [imported + old, imported + place]));
  const placeOf = (index) => places.get(index) ?? index;
  const changed = new Map([
    [FUNCTIONS, () => count(ordered.map((old) => leb(types[old])))],
    [CODE, () => count(ordered.map((old) => vector(renamed(functions[old], placeOf))))],
    [EXPORT, () => count(exported(placeOf))],
    [ELEMENTS, () => count(list(body(ELEMENTS), (cursor) => element(cursor, placeOf)))],
  ]);
  return assemble(parts.map((part) => ({ ...part, body: changed.get(part.id)?.() ?? part.body })));
}

/** A function's code with the new places of the functions it names. */
function renamed(code, placeOf) {
  const pieces = [];
  const cursor = new Cursor(code);
  for (let locals = cursor.number(); locals > 0; locals--) {
    cursor.number();
    cursor.byte();
  }
  let from = 0;
  while (!cursor.done) {
    const at = cursor.at + 1;
    const opcode = instruction(cursor);
    if (opcode === CALL || opcode === REF_FUNC) {
      pieces.push(code.subarray(from, at), leb(placeOf(new Cursor(code, at).number())));
      from = cursor.at;
    }
  }
  return Buffer.concat([...pieces, code.subarray(from)]);
}

function exported(placeOf) {
  const entries = [];
  eachExport(body(EXPORT), ({ name, kind, index }) => {
    const place = kind === FUNCTION ? placeOf(index) : index;
    entries.push(Buffer.concat([vector(Buffer.from(name)), Buffer.from([kind]), leb(place)]));
  });
  return entries;
}

function element(cursor, placeOf) {
  const from = cursor.at;
  if (cursor.number() !== 0) {
    throw new Error('expected a table filled from an offset by function indices, found another; update this script');
  }
  instruction(cursor); // the offset, then `end`
  cursor.byte();
  const head = cursor.bytes.subarray(from, cursor.at);
  const indices = Array.from({ length: cursor.number() }, () => leb(placeOf(cursor.number())));
  return Buffer.concat([head, leb(indices.length), ...indices]);
}

const packed = (module) => gzipSync(module, { level: 9 }).length;
const modules = HEADSTARTS.map((headstart) => inOrder(order(headstart)));
writeFileSync(file, modules.reduce((best, module) => (packed(module) < packed(best) ? module : best)));
