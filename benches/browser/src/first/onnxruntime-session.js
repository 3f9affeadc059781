import { firstUser, MODEL, tell } from './question.js';

/** A session on the expert graph, and one run. */
export async function runOnnxruntime({ env, InferenceSession, Tensor }, backend) {
  env.wasm.numThreads = 1;
  env.logLevel = 'error';
  const session = await InferenceSession.create(`/models/${MODEL}.expert.onnx`, { executionProviders: [backend] });
  const { topItems } = await session.run({ user: new Tensor('float32', firstUser(64), [1, 64]) });
  tell(Array.from(topItems.data, Number));
}
