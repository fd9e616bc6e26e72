import { expect, it } from 'vitest';
import { declarationText } from '../../src/emit/declarations.js';

it('lays declarations out, with an empty line before each comment and constant', () => {
  const text = declarationText([
    "import * as tf from 'tf';",
    'const one = 1;',
    {
      kind: 'interface',
      name: 'Weights',
      isExported: true,
      doc: 'All weights.',
      properties: [{ name: 'kernel', type: 'tf.Tensor4D', isReadonly: true }],
    },
    {
      kind: 'class',
      name: 'Model',
      doc: 'The model.\nIt is small.',
      properties: [
        { name: 'weights', type: 'Weights' },
        { name: 'tensors', type: 'tf.Tensor[]', isReadonly: true, isPrivate: true },
      ],
      constructs: {
        parameters: [{ name: 'weights', type: 'Weights' }],
        statements: ['this.weights = weights;'],
      },
      methods: [
        {
          name: 'dispose',
          doc: 'Frees the weights.',
          parameters: [],
          returnType: 'void',
          statements: ['if (done) {\n  return;\n}', 'tf.dispose(this.tensors);'],
        },
      ],
    },
  ]);
  expect(text).toBe(`import * as tf from 'tf';

const one = 1;

/** All weights. */
export interface Weights {
  readonly kernel: tf.Tensor4D;
}

/**
 * The model.
 * It is small.
 */
export class Model {
  weights: Weights;
  private readonly tensors: tf.Tensor[];

  constructor(weights: Weights) {
    this.weights = weights;
  }

  /** Frees the weights. */
  dispose(): void {
    if (done) {
      return;
    }
    tf.dispose(this.tensors);
  }
}
`);
});

it('breaks the heads of functions that are too long for a line, and leaves strings of several lines alone', () => {
  const parameters = ['first', 'second', 'third'].map((name) => ({ name, type: 'readonly tf.Tensor4D[]' }));
  const head = { kind: 'function', modifiers: '', doc: 'Computes.', statements: ['return `a\nb`;'] } as const;
  expect(declarationText([{ ...head, name: 'f', parameters, returnType: 'tf.Tensor' }]))
    .toBe(`/** Computes. */
function f(
  first: readonly tf.Tensor4D[],
  second: readonly tf.Tensor4D[],
  third: readonly tf.Tensor4D[],
): tf.Tensor {
  return \`a
b\`;
}
`);
});

it('breaks a type of results that is too long for a line as well', () => {
  const properties = ['first', 'second', 'third', 'fourth'].map((name) => `${name}OfTheResults: tf.Tensor4D`);
  const text = declarationText([
    {
      kind: 'function',
      modifiers: '',
      name: 'f',
      doc: 'Computes.',
      parameters: [{ name: 'x', type: 'tf.Tensor4D' }],
      returnType: `{ ${properties.join('; ')} }`,
      statements: [],
    },
  ]);
  expect(text).toBe(`/** Computes. */
function f(
  x: tf.Tensor4D,
): {
  firstOfTheResults: tf.Tensor4D;
  secondOfTheResults: tf.Tensor4D;
  thirdOfTheResults: tf.Tensor4D;
  fourthOfTheResults: tf.Tensor4D;
} {
}
`);
});
