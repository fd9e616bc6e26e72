/** Channels that are split, go different ways, and are joined again in another order; with pooling of both kinds. */
export default (tf) => {
  const weight = (name, shape) => tf.variable(tf.randomNormal(shape, 0, 0.3), true, name);
  const stem = weight('stem/kernel', [3, 3, 3, 24]);
  const left = weight('left/kernel', [3, 3, 8, 12]);
  const middle = weight('middle/kernel', [1, 1, 8, 8]);
  const slope = weight('middle/slope', [1, 1, 8]);
  const dense = weight('dense/kernel', [28 * 4 * 4, 7]);
  const bias = weight('dense/bias', [7]);
  return {
    inputs: { image: [null, 16, 16, 3] },
    function: (image) => {
      const x = tf.elu(tf.conv2d(image, stem, 2, 'same'));
      const [a, b, c] = tf.split(x, 3, 3);
      const joined = tf.concat(
        [tf.sigmoid(tf.conv2d(a, left, 1, 'same')), c, tf.prelu(tf.conv2d(b, middle, 1, 'same'), slope)],
        3,
      );
      const pooled = tf.add(tf.maxPool(joined, 2, 2, 'valid'), tf.avgPool(joined, 2, 2, 'valid'));
      return { logits: tf.add(tf.matMul(tf.reshape(pooled, [-1, 28 * 4 * 4]), dense), bias), pooled };
    },
  };
};
