/** Reading a parameter's data, checked against its shape. */
import { fail } from '../diagnostics/diagnostic.js';
import type { Parameter, TensorData, WeightStore } from '../ir/graph.js';

/**
 * A parameter's data and its shape as numbers.
 * @throws DiagnosticError E407 if the data doesn't have as many elements as the shape says
 */
export function dataOf(
  parameter: Parameter,
  weights: WeightStore,
): { readonly data: TensorData; readonly shape: readonly number[] } {
  const shape = fixedShape(parameter);
  const data = weights.get(parameter.name);
  const needed = shape.reduce((a, b) => a * b, 1);
  if (data.length !== needed) {
    fail({
      code: 'E407',
      message: `weight "${parameter.name}" has ${data.length} elements, its shape [${shape.join(', ')}] needs ${needed}`,
      where: `parameter "${parameter.name}"`,
      help: "Check that the model's files belong together and are complete.",
    });
  }
  return { data, shape };
}

function fixedShape(parameter: Parameter): readonly number[] {
  return parameter.shape.map((dim) => {
    if (typeof dim === 'number') return dim;
    return fail({
      code: 'E407',
      message: `weight "${parameter.name}" has a dimension of the batch's size`,
      where: `parameter "${parameter.name}"`,
      why: 'The data of a parameter does not depend on the batch.',
    });
  });
}
