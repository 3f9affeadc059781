#!/usr/bin/env node
// The linker of the browser build: in each object file, whatever can only end in a panic becomes a trap; then rust-lld.
//
// A panic in a browser is a trap without a word anyway: the standard library has no standard error to write to there. Yet
// each place that could panic carries a message, a path and a line, and the formatting of all it would show: 9 KB of the
// gzip'd engine. The linker drops what nothing refers to, so it is the references that are taken away here.
//
// A stretch of code without a branch or another call in it can do nothing that is ever seen if it ends in a call of a
// panic function. It is overwritten by `unreachable` and `nop`, and its relocations, the references, are left out. No
// other code changes or moves.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CODE, CUSTOM, Cursor, IMPORT, assemble, eachImport, instruction, leb, sections } from './wasm-binary.mjs';

/** Functions of the standard library that do nothing but panic, by mangled name. */
const PANICS = new RegExp(
  [
    '4core9panicking\\d',
    '4core6option13(unwrap|expect)_failed',
    '4core6result13unwrap_failed',
    '4core4cell\\d+panic_already_',
    '4core5slice5index16slice_index_fail',
    '4core3str16slice_error_fail',
    '4core3str19slice_error_fail_rt',
    '5alloc7raw_vec(12handle_error|17capacity_overflow)',
    '5alloc5alloc18handle_alloc_error',
  ].join('|'),
);

/**
 * Functions that wgpu calls for canvases, textures, samplers, timestamps and notices of finished work, by mangled name.
 * Nothing here has any of them, so none is ever called; those of a canvas because the bindings refuse it
 * (shrink-bindings.mjs).
 */
const NEVER_CALLED = new RegExp(
  [
    '15OffscreenCanvas11get_context',
    '6webgpu18map_texture_format',
    '(Sampler|Texture|StorageTexture)BindingLayout\\d+set_',
    '20set_external_texture',
    '29set_resource_gpu_texture_view',
    'GpuComputePassTimestampWrites\\d+set_',
    '22on_submitted_work_done',
  ].join('|'),
);

const UNREACHABLE = 0x00;
const NOP = 0x01;
const CALL = 0x10;
/** Where control comes from elsewhere or goes elsewhere: unreachable, blocks and branches, return, calls. */
const STRETCH_ENDS = new Set([0x00, 0x02, 0x03, 0x04, 0x05, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11]);
const FUNCTION_INDEX = 0;
/** Kinds of relocations that carry an addend. */
const WITH_ADDEND = new Set([3, 4, 5, 8, 9, 11, 14, 15, 16, 17, 21, 22, 23]);

/** The function symbols of the linking section: symbol index → name and function index. */
function functionSymbols(linking, imported) {
  const symbols = new Map();
  const cursor = new Cursor(linking);
  if (cursor.number() !== 2) throw new Error('expected version 2 of the linking section, found another; update this script');
  while (!cursor.done) {
    const kind = cursor.byte();
    const part = new Cursor(cursor.vector());
    for (let count = kind === 8 ? part.number() : 0, n = 0; n < count; n++) {
      const [type, flags] = [part.byte(), part.number()];
      const [isUndefined, isNamed] = [(flags & 0x10) !== 0, (flags & 0x40) !== 0];
      if (type === 1) {
        part.text();
        if (!isUndefined) for (let field = 0; field < 3; field++) part.number();
        continue;
      }
      const index = part.number();
      if (type === 3) continue;
      const name = isUndefined && !isNamed ? imported[index] : part.text();
      if (type === 0) symbols.set(n, { name, index });
    }
  }
  return symbols;
}

function relocations(body) {
  const cursor = new Cursor(body);
  const target = cursor.number();
  const entries = [];
  for (let count = cursor.number(); count > 0; count--) {
    const [type, place, symbol] = [cursor.byte(), cursor.number(), cursor.number()];
    const from = cursor.at;
    if (WITH_ADDEND.has(type)) cursor.skip();
    entries.push({ type, place, symbol, addend: body.subarray(from, cursor.at) });
  }
  return { target, entries };
}

/** The body of a relocation section, each symbol replaced by what `instead` says. */
function relocationBody(target, entries, instead) {
  const entry = ({ type, place, symbol, addend }) => [Buffer.from([type]), leb(place), leb(instead.get(symbol) ?? symbol), addend];
  return Buffer.concat([leb(target), leb(entries.length), ...entries.flatMap(entry)]);
}

/**
 * Symbols to be replaced: of an error made from a text, `Debug` by `Display`. It is in a table that every boxed error has,
 * nothing calls it, and it brings Unicode's tables along, to escape what cannot be printed: 3 KB of the gzip'd engine.
 */
function replacements(symbols) {
  const find = (pattern) => [...symbols].find(([, { name }]) => pattern.test(name))?.[0];
  const [debug, display] = [find(/11StringErrorNt\w+5Debug3fmt$/), find(/11StringErrorNt\w+7Display3fmt$/)];
  return new Map(debug === undefined || display === undefined ? [] : [[debug, display]]);
}

/**
 * Makes traps of what can only panic in `code`, the body of a code section, where `calls` are the symbols called, by the
 * place of their index. Gives the ranges that were overwritten, and the functions that are nothing but a trap.
 */
function trap(code, calls, panics) {
  const ranges = [];
  const whole = new Set();
  const cursor = new Cursor(code);
  for (let count = cursor.number(), n = 0; n < count; n++) {
    const end = cursor.number() + cursor.at;
    for (let locals = cursor.number(); locals > 0; locals--) {
      cursor.number();
      cursor.byte();
    }
    const first = cursor.at;
    for (let start = first; cursor.at < end;) {
      const at = cursor.at;
      const opcode = instruction(cursor);
      if (opcode === CALL && panics.has(calls.get(at + 1))) {
        code.fill(NOP, start, cursor.at);
        code[start] = UNREACHABLE;
        ranges.push({ start, end: cursor.at });
        if (start === first) whole.add(n);
      }
      if (STRETCH_ENDS.has(opcode)) start = cursor.at;
    }
    if (cursor.at !== end) throw new Error('expected a function to end with its last instruction');
  }
  return { ranges, whole };
}

/** An object file with its panics made traps. */
function withoutPanics(object) {
  const parts = sections(object);
  const find = (id, name = '') => parts.find((section) => section.id === id && section.name === name);
  const [code, relocated, linking] = [find(CODE), find(CUSTOM, 'reloc.CODE'), find(CUSTOM, 'linking')];
  if (!code || !relocated || !linking) return { object, traps: 0 };

  const imported = [];
  eachImport(find(IMPORT)?.body ?? Buffer.from([0]), ({ name, kind }) => kind === 0 && imported.push(name));
  const symbols = functionSymbols(linking.body, imported);
  const { target, entries } = relocations(relocated.body);
  const calls = new Map(entries.filter(({ type }) => type === FUNCTION_INDEX).map(({ place, symbol }) => [place, symbol]));
  const trapped = ({ name }) => PANICS.test(name) || NEVER_CALLED.test(name);
  const panics = new Set([...symbols].filter(([, symbol]) => trapped(symbol)).map(([index]) => index));

  // A function that is nothing but a trap is a panic function itself; until no more of them are found.
  code.body = Buffer.from(code.body);
  const dropped = new Uint8Array(code.body.length);
  for (let known = -1; known < panics.size;) {
    known = panics.size;
    const { ranges, whole } = trap(code.body, calls, panics);
    for (const { start, end } of ranges) dropped.fill(1, start, end);
    for (const [symbol, { index }] of symbols) if (whole.has(index - imported.length)) panics.add(symbol);
  }
  const kept = entries.filter(({ place }) => !dropped[place]);
  const instead = replacements(symbols);
  relocated.body = relocationBody(target, kept, instead);
  const data = find(CUSTOM, 'reloc.DATA');
  if (data) {
    const { target, entries } = relocations(data.body);
    data.body = relocationBody(target, entries, instead);
  }
  return { object: assemble(parts), traps: entries.length - kept.length };
}

let traps = 0;
for (const path of process.argv.filter((argument) => argument.endsWith('.o'))) {
  const linked = withoutPanics(readFileSync(path));
  writeFileSync(path, linked.object);
  traps += linked.traps;
}
if (traps === 0) throw new Error('expected panics in the engine, found none; are they called otherwise now? update this script');

const rustc = (...options) => execFileSync('rustc', options, { encoding: 'utf8' });
const host = /^host: (.*)$/m.exec(rustc('-vV'))[1];
const linker = join(rustc('--print', 'sysroot').trim(), 'lib/rustlib', host, 'bin/rust-lld');
process.exit(spawnSync(linker, process.argv.slice(2), { stdio: 'inherit' }).status ?? 1);
