// onnxruntime-web: the wasm build, and the one with the native WebGPU execution provider. One thread each.
import * as wasm from 'onnxruntime-web/wasm';
import * as webgpu from 'onnxruntime-web/webgpu';

const BUILDS = { wasm, webgpu };
for (const { env } of Object.values(BUILDS)) {
  env.wasm.numThreads = 1;
  env.logLevel = 'error';
}

/** @param {string} graph which of the ONNX files that node/graphs.js wrote */
export function onnxruntime(modelName, graph, backend) {
  const { InferenceSession, Tensor } = BUILDS[backend];
  return {
    name: `onnxruntime-web ${backend}, ${graph} graph`,
    peer: 'onnxruntime-web',
    async open() {
      const response = await fetch(`/models/${modelName}.${graph}.onnx`);
      const session = await InferenceSession.create(await response.arrayBuffer(), {
        executionProviders: [backend],
        graphOptimizationLevel: 'all',
      });
      return {
        detail: 'one thread',
        query: (user) => session.run({ user: new Tensor('float32', user, [1, user.length]) }),
        read: ({ topItems, topScores }) => ({ items: Array.from(topItems.data, Number), scores: [...topScores.data] }),
        close: () => session.release(),
      };
    },
  };
}
