import * as ort from 'onnxruntime-web/wasm';
import { runOnnxruntime } from './onnxruntime-session.js';

await runOnnxruntime(ort, 'wasm');
