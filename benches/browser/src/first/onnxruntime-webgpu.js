import * as ort from 'onnxruntime-web/webgpu';
import { runOnnxruntime } from './onnxruntime-session.js';

await runOnnxruntime(ort, 'webgpu');
