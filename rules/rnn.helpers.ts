import * as tf from '@tensorflow/tfjs-core';

/** A layer of long short-term memory: what it says at every step, its last state, and its last memory. */
export function lstm(
  x: tf.Tensor3D,
  wi: tf.Tensor2D,
  wh: tf.Tensor2D,
  bias: tf.Tensor1D | undefined,
  h0: tf.Tensor2D | undefined,
  c0: tf.Tensor2D | undefined,
  reverse: boolean,
): tf.Tensor[] {
  const [n, units] = [x.shape[0], wh.shape[0]];
  let h: tf.Tensor2D = h0 ?? tf.zeros([n, units]);
  let c: tf.Tensor2D = c0 ?? tf.zeros([n, units]);
  const outputs = timeSteps(x, wi, bias, reverse).map((step) => {
    const gates = tf.add<tf.Tensor2D>(step, tf.matMul(h, wh));
    const [input, forget, cell, output] = tf.split<tf.Tensor2D>(gates, 4, 1);
    c = tf.add(tf.mul(tf.sigmoid(forget!), c), tf.mul(tf.sigmoid(input!), tf.tanh(cell!)));
    h = tf.mul(tf.sigmoid(output!), tf.tanh(c));
    return h;
  });
  return [alongTime(outputs, reverse), h, c];
}

/** A layer of gated recurrent units: what it says at every step, and its last state. */
export function gru(
  x: tf.Tensor3D,
  wi: tf.Tensor2D,
  wh: tf.Tensor2D,
  inputBias: tf.Tensor1D | undefined,
  stateBias: tf.Tensor1D | undefined,
  h0: tf.Tensor2D | undefined,
  reverse: boolean,
): tf.Tensor[] {
  let h: tf.Tensor2D = h0 ?? tf.zeros([x.shape[0], wh.shape[0]]);
  const outputs = timeSteps(x, wi, inputBias, reverse).map((step) => {
    const state = tf.fused.matMul({ a: h, b: wh, bias: stateBias });
    const [resetInput, updateInput, newInput] = tf.split<tf.Tensor2D>(step, 3, 1);
    const [resetState, updateState, newState] = tf.split<tf.Tensor2D>(state, 3, 1);
    const reset = tf.sigmoid(tf.add<tf.Tensor2D>(resetInput!, resetState!));
    const update = tf.sigmoid(tf.add<tf.Tensor2D>(updateInput!, updateState!));
    const fresh = tf.tanh(tf.add<tf.Tensor2D>(newInput!, tf.mul(reset, newState!)));
    h = tf.add(fresh, tf.mul(update, tf.sub(h, fresh)));
    return h;
  });
  return [alongTime(outputs, reverse), h];
}

/** What the input adds to the gates at every step, computed for all steps at once; the last step first if `reverse`. */
function timeSteps(
  x: tf.Tensor3D,
  wi: tf.Tensor2D,
  bias: tf.Tensor1D | undefined,
  reverse: boolean,
): tf.Tensor2D[] {
  const [n, t, i] = x.shape;
  const gates = tf.fused.matMul({ a: tf.reshape(x, [n * t, i]), b: wi, bias });
  const steps = tf.unstack(tf.reshape(gates, [n, t, -1]), 1) as tf.Tensor2D[];
  return reverse ? steps.reverse() : steps;
}

function alongTime(outputs: tf.Tensor2D[], reverse: boolean): tf.Tensor3D {
  return tf.stack(reverse ? outputs.reverse() : outputs, 1) as tf.Tensor3D;
}
