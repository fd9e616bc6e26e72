// Runs an emitted module as its users do, in a process of its own: node run-in-node.mjs BACKEND FOLDER. The folder holds
// model.mjs, weights.safetensors and inputs.json; the outputs are printed as JSON.
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [backend, folder] = process.argv.slice(2);

// TensorFlow.js looks for WebGPU where browsers have it; the package `webgpu` brings it to Node.js.
if (backend === 'webgpu') {
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: create([]) }, configurable: true });
}

const { load, signature } = await import(pathToFileURL(join(resolve(folder), 'model.mjs')).href);
const tf = await import(backend === 'node-gpu' ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-core');
// Else TensorFlow.js computes what is small on the CPU.
if (backend === 'webgpu') tf.env().set('WEBGPU_CPU_FORWARD', false);
const weights = await readFile(join(folder, 'weights.safetensors'));
const model = await load(
  backend === 'webgpu' ? Uint8Array.from(weights).buffer : join(folder, 'weights.safetensors'),
);
const given = JSON.parse(await readFile(join(folder, 'inputs.json'), 'utf8'));
const tensors = Object.entries(given).map(([name, { data, shape, dtype }]) => [
  name,
  tf.tensor(data, shape, dtype),
]);
const before = tf.memory().numTensors;
const predict = async () => {
  const result = model.predict(tensors.length === 1 ? tensors[0][1] : Object.fromEntries(tensors));
  const outputs = {};
  for (const { name } of signature.outputs) {
    const tensor = signature.outputs.length === 1 ? result : result[name];
    outputs[name] = { dtype: tensor.dtype, shape: tensor.shape, data: Array.from(await tensor.data()) };
    tensor.dispose();
  }
  return outputs;
};
// On node, what comes again is computed in another way.
const [outputs, again] = [await predict(), await predict()];
const leaked = tf.memory().numTensors - before;
const graphs = tf.backend().getNumOfSavedModels?.() ?? 0;
process.stdout.write(`\n${JSON.stringify({ backend: tf.getBackend(), leaked, graphs, outputs, again })}`);
