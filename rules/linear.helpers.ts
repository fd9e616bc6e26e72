import * as tf from '@tensorflow/tfjs-core';

/** A sum of products by one product of matrices, where there is no kernel for it: `nti,io->nto`, of one or two tensors. */
export function einsum(equation: string, first: tf.Tensor, second?: tf.Tensor): tf.Tensor {
  const [inputs, result] = equation.replace(/\s/g, '').split('->');
  const [a, b] = inputs!.split(',');
  if (second === undefined) {
    const summed = tf.sum(first, lettersOutside(a!, result!));
    return tf.transpose(summed, positionsOf(result!, lettersWithin(a!, result!)));
  }
  // Letters of one tensor alone that the result does not show are summed first.
  const x = tf.sum(first, lettersOutside(a!, b! + result!));
  const y = tf.sum(second, lettersOutside(b!, a! + result!));
  const left = lettersWithin(a!, b! + result!);
  const right = lettersWithin(b!, a! + result!);
  const batch = lettersWithin(lettersWithin(left, right), result!);
  const contracted = [...left].filter((letter) => right.includes(letter) && !batch.includes(letter)).join('');
  const rows = [...left].filter((letter) => !right.includes(letter)).join('');
  const columns = [...right].filter((letter) => !left.includes(letter)).join('');
  const sizes = new Map([...left].map((letter, i) => [letter, x.shape[i]!]));
  [...right].forEach((letter, i) => sizes.set(letter, y.shape[i]!));
  const shapeOf = (letters: string): number[] => [...letters].map((letter) => sizes.get(letter)!);
  const sizeOf = (letters: string): number => shapeOf(letters).reduce((product, size) => product * size, 1);
  const matrix = (t: tf.Tensor, from: string, to: [string, string]): tf.Tensor3D =>
    tf.reshape(tf.transpose(t, positionsOf(batch + to[0] + to[1], from)), [
      sizeOf(batch),
      sizeOf(to[0]),
      sizeOf(to[1]),
    ]);
  const product = tf.matMul(matrix(x, left, [rows, contracted]), matrix(y, right, [contracted, columns]));
  const made = batch + rows + columns;
  return tf.transpose(tf.reshape(product, shapeOf(made)), positionsOf(result!, made));
}

/** The letters of a text that are in another one. */
function lettersWithin(letters: string, others: string): string {
  return [...letters].filter((letter) => others.includes(letter)).join('');
}

/** The positions of letters that are not in another text. */
function lettersOutside(letters: string, others: string): number[] {
  return Array.from(letters, (_, i) => i).filter((i) => !others.includes(letters[i]!));
}

/** Where each letter of a text is in another one. */
function positionsOf(letters: string, text: string): number[] {
  return [...letters].map((letter) => text.indexOf(letter));
}
