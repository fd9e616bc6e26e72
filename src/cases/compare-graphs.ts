/** Whether two graphs are the same but for names of values, order of independent nodes, and where nodes come from. */
import type { Graph, Node, Operand, ValueId, WeightStore } from '../ir/graph.js';
import { printAttr, printId, printType } from '../ir/print.js';
import { sameAttr, sameType } from '../ir/types.js';
import { relativeDifference } from './data.js';

export interface CompareOptions {
  /** Parameters of these names must keep them; new ones may be called anything. */
  readonly knownNames: ReadonlySet<string>;
  /** Data that the expected text states. */
  readonly literals: WeightStore;
  readonly weights: WeightStore;
}

/** The first difference, in words; null if there is none. */
export function graphDifference(expected: Graph, actual: Graph, options: CompareOptions): string | null {
  return new Comparison(expected, actual, options).run();
}

class Comparison {
  private readonly partners = new Map<ValueId, ValueId>();
  private readonly taken = new Map<ValueId, ValueId>();
  private readonly expectedNodes: ReadonlyMap<ValueId, Node>;
  private readonly actualNodes: ReadonlyMap<ValueId, Node>;

  constructor(
    private readonly expected: Graph,
    private readonly actual: Graph,
    private readonly options: CompareOptions,
  ) {
    this.expectedNodes = producers(expected);
    this.actualNodes = producers(actual);
  }

  run(): string | null {
    const { expected, actual } = this;
    if (expected.outputs.length !== actual.outputs.length) return 'there are more or fewer outputs';
    if (expected.nodes.length !== actual.nodes.length) {
      return `${count(actual.nodes.length, 'node')}, not ${String(expected.nodes.length)}`;
    }
    for (const [index, output] of expected.outputs.entries()) {
      const other = actual.outputs[index]!;
      if (output.name !== other.name) return `output ${String(index)} is named ${JSON.stringify(other.name)}`;
      const difference = this.value(output.value, other.value);
      if (difference !== null) return difference;
    }
    return this.partners.size < countUsed(expected) ? 'something that no output depends on is left' : null;
  }

  /** Cases are small: plain recursion from the outputs. */
  private value(expected: ValueId, actual: ValueId): string | null {
    const known = this.partners.get(expected);
    if (known !== undefined || this.taken.has(actual)) {
      return known === actual ? null : `${printId(actual)} is where ${printId(expected)} is expected`;
    }
    this.partners.set(expected, actual);
    this.taken.set(actual, expected);
    const type = this.expected.values[expected]!;
    const other = this.actual.values[actual]!;
    if (!sameType(type, other)) return `${printId(actual)} is ${printType(other)}, not ${printType(type)}`;
    const node = this.expectedNodes.get(expected);
    const otherNode = this.actualNodes.get(actual);
    if (node !== undefined && otherNode !== undefined) return this.node(node, otherNode);
    if (node !== undefined) return `${printId(actual)} is computed by nothing, and ${node.op} is expected`;
    if (otherNode !== undefined) return `${printId(actual)} is computed by ${otherNode.op}`;
    return this.parameter(expected, actual) ?? this.input(expected, actual);
  }

  private node(expected: Node, actual: Node): string | null {
    const at = printId(actual.id);
    if (expected.op !== actual.op) return `${at} is ${actual.op}, not ${expected.op}`;
    for (const name of new Set([...Object.keys(expected.attrs), ...Object.keys(actual.attrs)])) {
      const [wanted, found] = [expected.attrs[name] ?? null, actual.attrs[name] ?? null];
      if (!sameAttr(wanted, found))
        return `${name} of ${at} is ${printAttr(found)}, not ${printAttr(wanted)}`;
    }
    for (const [index, id] of expected.results.entries()) {
      const difference = this.value(id, actual.results[index] ?? '');
      if (difference !== null) return difference;
    }
    for (const [name, operand] of Object.entries(expected.operands)) {
      const difference = this.operand(operand, actual.operands[name] ?? null, `${name} of ${at}`);
      if (difference !== null) return difference;
    }
    return null;
  }

  private operand(expected: Operand, actual: Operand, what: string): string | null {
    const wanted = expected === null ? [] : [expected].flat();
    const found = actual === null ? [] : [actual].flat();
    if (wanted.length !== found.length)
      return `${what} has ${count(found.length, 'value')}, not ${String(wanted.length)}`;
    for (const [index, id] of wanted.entries()) {
      const difference = this.value(id, found[index]!);
      if (difference !== null) return difference;
    }
    return null;
  }

  private parameter(expected: ValueId, actual: ValueId): string | null {
    const wanted = this.expected.parameters[expected];
    const found = this.actual.parameters[actual];
    if (wanted === undefined && found === undefined) return null;
    if (wanted === undefined || found === undefined)
      return `${printId(actual)} is ${found ? 'a' : 'no'} parameter`;
    const { knownNames, literals, weights } = this.options;
    const named = knownNames.has(wanted.name) || knownNames.has(found.name);
    if (named && wanted.name !== found.name)
      return `the parameter ${found.name} is where ${wanted.name} is expected`;
    if (!literals.has(wanted.name)) return null;
    const difference = relativeDifference(literals.get(wanted.name), weights.get(found.name));
    return difference !== null && difference <= 1e-6
      ? null
      : `the data of ${printId(actual)} is not what is expected`;
  }

  private input(expected: ValueId, actual: ValueId): string | null {
    const name = ({ inputs }: Graph, id: ValueId): string | undefined =>
      inputs.find(({ value }) => value === id)?.name;
    const [wanted, found] = [name(this.expected, expected), name(this.actual, actual)];
    return wanted === found ? null : `the input ${found ?? 'none'} is where ${wanted ?? 'none'} is expected`;
  }
}

function producers(graph: Graph): Map<ValueId, Node> {
  return new Map(graph.nodes.flatMap((node) => node.results.map((id) => [id, node] as const)));
}

/** Values that must have been visited: all but inputs that nothing reads. */
function countUsed(graph: Graph): number {
  return (
    Object.keys(graph.parameters).length + graph.nodes.reduce((sum, { results }) => sum + results.length, 0)
  );
}

function count(n: number, what: string): string {
  return `there ${n === 1 ? 'is' : 'are'} ${String(n)} ${what}${n === 1 ? '' : 's'}`;
}
