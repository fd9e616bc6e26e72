/** Normalisations with one set of parameters a subnet, of which one is in use. */
import { fail } from '../diagnostics/diagnostic.js';
import { type Graph, operandValues, type TensorData, type ValueId, type WeightStore } from '../ir/graph.js';
import { overlayWeights } from '../ir/weights.js';
import type { RuleSet } from '../lang/ast.js';
import { moduleOf } from '../prune/modules.js';
import { dataOf } from '../prune/weights.js';

/** The parameters of one normalisation, in several sets. */
export class SwitchableBatchNorm2d {
  /** Which set is in use. */
  index = 0;
  readonly #sets: ReadonlyMap<string, TensorData>[];

  /**
   * @param parameters names of its parameters
   * @param weights where all sets begin
   */
  constructor(
    readonly name: string,
    readonly parameters: readonly string[],
    readonly numBns: number,
    weights: WeightStore,
  ) {
    const copy = (parameter: string): [string, TensorData] => [parameter, weights.get(parameter).slice()];
    this.#sets = Array.from({ length: numBns }, () => new Map(parameters.map(copy)));
  }

  /** The parameters of a set, by name; without an index those in use. They may be written to. */
  set(index = this.index): ReadonlyMap<string, TensorData> {
    return this.#sets[checkedIndex(index, this.numBns)]!;
  }
}

/** An index of a set. */
export function checkedIndex(index: number, numBns: number): number {
  if (Number.isSafeInteger(index) && index >= 0 && index < numBns) return index;
  return fail({
    code: 'E438',
    message: `there is no set ${index} of normalisation parameters`,
    why: `There are ${numBns}, numbered from 0.`,
    help: 'The number of sets is given when the normalisations are made switchable.',
  });
}

/**
 * The parameters of a graph's normalisations: of every node whose rule gives one of its operands the role `scale`.
 * Each is followed by the normalisation's name.
 */
export function normParameters(graph: Graph, rules: RuleSet): ReadonlyMap<ValueId, string> {
  const found = new Map<ValueId, string>();
  for (const node of graph.nodes) {
    const roles = Object.values(rules.ops.get(node.op)?.roles ?? {});
    if (!roles.includes('scale')) continue;
    for (const value of operandValues(node)) {
      const parameter = graph.parameters[value];
      if (parameter !== undefined) found.set(value, moduleOf(parameter.name));
    }
  }
  return found;
}

/** Gives every normalisation of a graph several sets of parameters, all equal at first. */
export function convertSwitchableBn(
  graph: Graph,
  weights: WeightStore,
  rules: RuleSet,
  numBns: number,
): ReadonlyMap<string, SwitchableBatchNorm2d> {
  if (!Number.isSafeInteger(numBns) || numBns < 1) {
    return fail({
      code: 'E438',
      message: `${numBns} is no number of sets of normalisation parameters`,
      help: 'Give a whole number from 1: one set for each subnet that is trained.',
    });
  }
  const modules = new Map<string, string[]>();
  for (const [value, module] of normParameters(graph, rules)) {
    const parameter = graph.parameters[value]!;
    dataOf(parameter, weights);
    modules.set(module, [...(modules.get(module) ?? []), parameter.name]);
  }
  return new Map(
    [...modules].map(([name, parameters]) => [
      name,
      new SwitchableBatchNorm2d(name, [...new Set(parameters)], numBns, weights),
    ]),
  );
}

/** The weights with the sets that are in use. */
export function chosenWeights(weights: WeightStore, bns: Iterable<SwitchableBatchNorm2d>): WeightStore {
  const chosen = new Map([...bns].flatMap((bn) => [...bn.set()]));
  return chosen.size === 0 ? weights : overlayWeights(weights, chosen);
}

/** How the set of that number calls a parameter, after PyTorch: `bn1.bns.0.weight`, `bn1/bns/0/gamma`. */
export function nameInSet(parameter: string, index: number | string): string {
  const module = moduleOf(parameter);
  if (module === parameter) return `${parameter}/bns/${index}`;
  const separator = parameter[module.length]!;
  return `${module}${separator}bns${separator}${index}${parameter.slice(module.length)}`;
}
