// A small network with an operation of its own: Snake, a periodic activation whose frequency every channel learns.
// TensorFlow.js has no such kernel, so the module registers one, as packages with kernels of their own do.

/** x + sin²(alpha·x) / (alpha + epsilon), alpha along the last axis. */
function snakeKernel({ inputs: { x, alpha }, attrs: { epsilon }, backend }) {
  const frequencies = backend.readSync(alpha.dataId);
  const values = backend.readSync(x.dataId).map((value, i) => {
    const frequency = frequencies[i % frequencies.length];
    return value + Math.sin(frequency * value) ** 2 / (frequency + epsilon);
  });
  return { dataId: backend.write(values, x.shape, x.dtype), shape: x.shape, dtype: x.dtype };
}

export default async (tf) => {
  for (const backendName of ['cpu', 'wasm']) {
    if (tf.getKernel('Snake', backendName) === undefined) {
      tf.registerKernel({ kernelName: 'Snake', backendName, kernelFunc: snakeKernel });
    }
  }
  const snake = (x, alpha) => tf.engine().runKernel('Snake', { x, alpha }, { epsilon: 1e-9 });
  const weight = (name, shape) => tf.variable(tf.randomNormal(shape, 0, 0.3), true, name);
  const frequency = (name, channels) => tf.variable(tf.randomUniform([channels], 0.5, 2), true, name);

  const stem = { kernel: weight('stem/kernel', [3, 3, 3, 16]), alpha: frequency('stem/alpha', 16) };
  const body = { kernel: weight('body/kernel', [3, 3, 16, 32]), alpha: frequency('body/alpha', 32) };
  const head = weight('head/kernel', [32, 10]);
  const layer = (name, x, { kernel, alpha }) =>
    tf.tidy(name, () => snake(tf.conv2d(x, kernel, 2, 'same'), alpha));

  return {
    inputs: { image: [null, 32, 32, 3] },
    function: (image) => {
      const features = layer('body', layer('stem', image, stem), body);
      return { scores: tf.softmax(tf.matMul(tf.mean(features, [1, 2]), head)) };
    },
  };
};
