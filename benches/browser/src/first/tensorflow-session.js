import { tensorflow } from '../contenders/tensorflow.js';
import { readModel } from '../safetensors.js';
import { firstUser, MODEL, tell } from './question.js';

/** The model's tables uploaded, and one answer. */
export async function runTensorflow(backend) {
  const readTable = async () => readModel(await (await fetch(`/models/${MODEL}.safetensors`)).arrayBuffer());
  const session = await tensorflow(readTable, backend).open();
  tell(session.read(await session.query(firstUser(64))).items);
}
