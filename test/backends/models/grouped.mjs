/**
 * Grouped convolutions, whose kernels TensorFlow.js runs on some backends only: four groups, then a depthwise one with
 * two channels each, after convolutions without groups.
 */
export default (tf) => {
  const weight = (name, shape) => tf.variable(tf.randomNormal(shape, 0, 0.3), true, name);
  const stem = weight('stem/kernel', [3, 3, 3, 16]);
  const stemBias = weight('stem/bias', [16]);
  const grouped = weight('grouped/kernel', [3, 3, 4, 32]);
  const depthwise = weight('depthwise/kernel', [3, 3, 32, 2]);
  const head = weight('head/kernel', [1, 1, 64, 10]);
  return {
    inputs: { image: [null, 16, 16, 3] },
    function: (image) => {
      let x = tf.fused.conv2d({ x: image, filter: stem, strides: 1, pad: 'same', bias: stemBias, activation: 'relu' });
      x = tf.relu6(tf.conv2d(x, grouped, 2, 'same'));
      x = tf.leakyRelu(tf.depthwiseConv2d(x, depthwise, 1, 'same'), 0.1);
      return tf.mean(tf.conv2d(x, head, 1, 'valid'), [1, 2]);
    },
  };
};
