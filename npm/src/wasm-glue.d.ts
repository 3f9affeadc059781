// Lets the package be type-checked before `scripts/build-wasm.sh` has run; once wasm/ is there, its own types win.
declare module '*/wasm/proclivity.js' {
  import type { WasmGlue } from './boundary.js';
  const init: (input: { module_or_path: Response | BufferSource | WebAssembly.Module }) => Promise<unknown>;
  export default init;
  export const ModelBuffer: WasmGlue['ModelBuffer'];
  export const Engine: WasmGlue['Engine'];
}
