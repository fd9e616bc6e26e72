/** A transformer block: attention in four heads, normalisation, GELU by the error function, and a softmax at the end. */
export default (tf) => {
  const [length, width, heads, hidden] = [12, 32, 4, 64];
  const weight = (name, shape) => tf.variable(tf.randomNormal(shape, 0, 0.2), true, name);
  const normalisation = (name) => [weight(`${name}/gamma`, [width]), weight(`${name}/beta`, [width])];
  const query = weight('attention/query', [width, heads, width / heads]);
  const key = weight('attention/key', [width, heads, width / heads]);
  const value = weight('attention/value', [width, heads, width / heads]);
  const output = weight('attention/output', [heads, width / heads, width]);
  const up = weight('mlp/up', [width, hidden]);
  const upBias = weight('mlp/up_bias', [hidden]);
  const down = weight('mlp/down', [hidden, width]);
  const classes = weight('head/kernel', [width, 6]);
  const before = normalisation('before');
  const between = normalisation('between');

  const normalise = (x, [gamma, beta]) => {
    const mean = tf.mean(x, -1, true);
    const variance = tf.mean(tf.square(tf.sub(x, mean)), -1, true);
    return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5))), gamma), beta);
  };
  const attention = (x) => {
    const [q, k, v] = [query, key, value].map((w) => tf.einsum('nld,dhe->nlhe', x, w));
    const scores = tf.softmax(tf.mul(tf.einsum('nqhe,nkhe->nhqk', q, k), 1 / Math.sqrt(width / heads)));
    return tf.einsum('nlhe,hed->nld', tf.einsum('nhqk,nkhe->nqhe', scores, v), output);
  };
  const gelu = (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
  const product = (x, w, size) =>
    tf.reshape(tf.matMul(tf.reshape(x, [-1, w.shape[0]]), w), [-1, length, size]);
  const mlp = (x) => product(gelu(tf.add(product(x, up, hidden), upBias)), down, width);

  return {
    inputs: { tokens: [null, length, width] },
    function: (tokens) => {
      let x = tf.add(tokens, attention(normalise(tokens, before)));
      x = tf.add(x, mlp(normalise(x, between)));
      return tf.softmax(tf.matMul(tf.mean(x, 1), classes));
    },
  };
};
