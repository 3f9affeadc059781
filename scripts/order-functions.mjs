// Puts functions that are alike beside each other: `node order-functions.mjs MODULE`. gzip finds what it has seen only
// within the last 32 KB; the compiler's order leaves 0.7 KB of that unused. What a module does does not depend on it.
import { readFileSync, writeFileSync } from 'node:fs';

import { CODE, Cursor, ELEMENTS, EXPORT, FUNCTIONS, IMPORT } from './wasm-binary.mjs';
import { assemble, eachExport, eachImport, instruction, leb, sections, vector } from './wasm-binary.mjs';

const CALL = 0x10;
const REF_FUNC = 0xd2;
const FUNCTION = 0;
/** Bytes of a word that two functions may share. */
const WORD = 4;
/** A short function shares all it has with many; this is added to its length, so that long ones are not left over. */
const HEADSTART = 9;

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

/** Functions by their old place, each the most like the one before it. */
function order() {
  const words = functions.map((code) => {
    const places = Math.max(0, code.length - WORD + 1);
    return new Set(Array.from({ length: places }, (_, at) => code.readUInt32LE(at)));
  });
  const likeness = (a, b) => {
    const [fewer, more] = a.size < b.size ? [a, b] : [b, a];
    let shared = 0;
    for (const word of fewer) if (more.has(word)) shared++;
    return shared / Math.sqrt(b.size + HEADSTART);
  };
  const left = new Set(functions.keys());
  const ordered = [];
  for (let last = longest(); ; last = mostLike(last)) {
    ordered.push(last);
    left.delete(last);
    if (left.size === 0) return ordered;
  }

  function longest() {
    return functions.reduce((best, code, n) => (code.length > functions[best].length ? n : best), 0);
  }

  function mostLike(last) {
    const [best] = [...left].reduce(
      ([best, most], n) => {
        const found = likeness(words[last], words[n]);
        return found > most ? [n, found] : [best, most];
      },
      [undefined, -1],
    );
    return best;
  }
}

const ordered = order();
const places = new Map(ordered.map((old, place) => [imported + old, imported + place]));
const placeOf = (index) => places.get(index) ?? index;

/** A function's code with the new places of the functions it names. */
function renamed(code) {
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

function exported() {
  const entries = [];
  eachExport(body(EXPORT), ({ name, kind, index }) => {
    const place = kind === FUNCTION ? placeOf(index) : index;
    entries.push(Buffer.concat([vector(Buffer.from(name)), Buffer.from([kind]), leb(place)]));
  });
  return entries;
}

function element(cursor) {
  const from = cursor.at;
  if (cursor.number() !== 0) throw new Error('expected a table filled from an offset by function indices, found another; update this script');
  instruction(cursor); // the offset, then `end`
  cursor.byte();
  const head = cursor.bytes.subarray(from, cursor.at);
  const indices = Array.from({ length: cursor.number() }, () => leb(placeOf(cursor.number())));
  return Buffer.concat([head, leb(indices.length), ...indices]);
}

const count = (entries) => Buffer.concat([leb(entries.length), ...entries]);
const changed = new Map([
  [FUNCTIONS, () => count(ordered.map((old) => leb(types[old])))],
  [CODE, () => count(ordered.map((old) => vector(renamed(functions[old]))))],
  [EXPORT, () => count(exported())],
  [ELEMENTS, () => count(list(body(ELEMENTS), element))],
]);
writeFileSync(file, assemble(parts.map((part) => ({ ...part, body: changed.get(part.id)?.() ?? part.body }))));
