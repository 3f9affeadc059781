import { runTensorflow } from './tensorflow-session.js';

await runTensorflow('wasm');
