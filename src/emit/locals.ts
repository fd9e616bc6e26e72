/** What values are called inside one function. */
import type { Graph, Node, ValueId, WeightStore } from '../ir/graph.js';
import { call, text, type Code } from './code.js';
import type { Form } from './forms.js';
import { shortestFloat32, type Constants } from './literals.js';
import { camelCase, Names, pascalCase } from './naming.js';
import { typeAsValue } from './typing.js';
import { tensorTypeText, weightTypeText } from './types.js';
import { parameterNames, segmentsInside, valueName } from './model-names.js';
import type { Plan } from './plan.js';

/** The parameter that holds a function's weights. */
export const weightsName = 'w';

export interface LocalContext {
  readonly graph: Graph;
  readonly weights: WeightStore;
  /** Whether weights are variables. */
  readonly trainable: boolean;
  readonly names: Names;
  readonly constants: Constants;
  /** The node that makes a value. */
  readonly producers: ReadonlyMap<ValueId, Node>;
}

/** Whether a parameter is written into the code as a number, rather than read from the weights file. */
export function isScalar(id: ValueId, graph: Graph): boolean {
  return graph.parameters[id]?.shape.length === 0;
}

/** The variables of one function. */
export class Locals {
  private readonly names: Names;
  private readonly codes = new Map<ValueId, Code>();
  /** For each variable that the function itself makes, the values still to be read that it stands for. */
  private readonly living = new Map<string, Set<ValueId>>();
  /** The types of values that other code stands for. */
  private readonly aliasTypes = new Map<ValueId, Code>();

  constructor(
    private readonly plan: Plan,
    private readonly context: LocalContext,
  ) {
    this.names = new Names([weightsName], context.names);
  }

  /** A new name for anything. */
  claim(wanted: string, fallback: string): string {
    return this.names.claim(wanted, fallback);
  }

  /** Names a value after the node that makes it. */
  declare(id: ValueId): string {
    const name = this.names.claim(this.nameFor(id), 'x');
    this.codes.set(id, text(name));
    return name;
  }

  /** The same for a value that the function computes, and may free. */
  declareOwn(id: ValueId, ...wanted: readonly string[]): string {
    const name = wanted.length === 0 ? this.declare(id) : this.declareAs(id, ...wanted);
    this.living.set(name, new Set([id]));
    return name;
  }

  /** The variables that stand for none but values that nothing reads any more. */
  release(dead: readonly ValueId[]): string[] {
    return dead.flatMap((id) => {
      const code = this.codes.get(id);
      if (code?.kind !== 'text') return [];
      const values = this.living.get(code.text);
      return values?.delete(id) === true && values.size === 0 ? [code.text] : [];
    });
  }

  /** A value that is what other code already stands for. */
  alias(id: ValueId, code: Code, type: Code): void {
    this.codes.set(id, code);
    if (code.kind === 'text') this.living.get(code.text)?.add(id);
    this.aliasTypes.set(id, type);
  }

  /** Names a value by the first of these identifiers that is free. */
  declareAs(id: ValueId, ...wanted: readonly string[]): string {
    const name = this.names.claim(wanted.find((option) => !this.names.has(option)) ?? wanted[0]!, 'x');
    this.codes.set(id, text(name));
    return name;
  }

  /** How a value is written. */
  codeOf(id: ValueId, scalars: Form['scalars']): Code {
    const known = this.codes.get(id);
    if (known !== undefined) return known;
    const property = this.plan.weights.get(id);
    if (property !== undefined) return text(`${weightsName}.${property}`);
    return this.scalar(id, scalars);
  }

  /** A value's type in its place, as `codeOf` writes the value. */
  typeOf(id: ValueId, scalars: Form['scalars']): Code {
    const alias = this.aliasTypes.get(id);
    if (alias !== undefined) return alias;
    const { graph, trainable } = this.context;
    if (isScalar(id, graph) && !this.codes.has(id)) {
      const { dtype } = graph.parameters[id]!;
      return typeAsValue(dtype === 'float32' && scalars === 'number' ? 'number' : 'tf.Scalar');
    }
    const parameter = graph.parameters[id];
    return typeAsValue(
      parameter === undefined ? tensorTypeText(graph.values[id]!) : weightTypeText(parameter, trainable),
    );
  }

  /** The name that a reader of the model would look for; if taken, with the operation's. */
  nameFor(id: ValueId): string {
    const { graph, producers } = this.context;
    const { path } = this.plan.fn;
    const node = producers.get(id);
    if (node === undefined) {
      const port = graph.inputs.find(({ value }) => value === id);
      return parameterNames(
        [segmentsInside(port?.name ?? graph.parameters[id]?.name ?? '', path)],
        this.plan.repeated,
      )[0]!;
    }
    const segments = segmentsInside(node.source.name, path);
    const name = valueName(segments, node.source.type, this.plan.repeated) || camelCase(node.op);
    if (node.results.length > 1) return `${name}${node.results.indexOf(id) + 1}`;
    if (!this.names.has(name)) return name;
    // The module's own functions may have the name, or another value of the function.
    if (this.context.names.has(name)) return `${name}Out`;
    return segments.length > 1 ? `${name}${pascalCase(node.op)}` : name;
  }

  private scalar(id: ValueId, scalars: Form['scalars']): Code {
    const { graph, weights, constants } = this.context;
    const { name, dtype } = graph.parameters[id]!;
    const value = weights.get(name)[0]!;
    if (dtype === 'bool') return call('tf.scalar', [text(String(value !== 0)), text(`'bool'`)]);
    if (dtype === 'int32') return call('tf.scalar', [text(String(value)), text(`'int32'`)]);
    const number = constants.number(shortestFloat32(value), segmentsInside(name, []).slice(-2).join('/'));
    return scalars === 'number' ? number : call('tf.scalar', [number]);
  }
}
