/** TensorFlow.js's types for tensors. */
import type { TensorType } from '../ir/graph.js';

/** `tf.Tensor4D` */
export function tensorTypeText({ shape }: TensorType): string {
  const rank = shape.length;
  if (rank === 0) return 'tf.Scalar';
  return rank < 6 ? `tf.Tensor${rank}D` : `tf.Tensor<${rankText(rank)}>`;
}

/** `tf.Variable<tf.Rank.R4>` for weights that are trained. */
export function weightTypeText(type: TensorType, trainable: boolean): string {
  return trainable ? `tf.Variable<${rankText(type.shape.length)}>` : tensorTypeText(type);
}

/** TensorFlow.js has types for up to six axes. */
function rankText(rank: number): string {
  return rank <= 6 ? `tf.Rank.R${rank}` : 'tf.Rank';
}
