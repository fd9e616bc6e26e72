/** The IR as text. What is printed here, `parseGraph` reads back to the same graph. */
import { printSize } from '../shapes/errors.js';
import type { Attr, Attrs, Dim, Graph, Node, Operand, TensorType, ValueId, WeightStore } from './graph.js';
import { elementCount } from './types.js';

export interface PrintOptions {
  /** Prints the data of parameters that have few elements. */
  readonly weights?: WeightStore;
  /** How many elements are few; 16 unless given. */
  readonly inlineUpTo?: number;
  /** Whether nodes say where they come from (`in`, `from`, `at`); true unless given. */
  readonly provenance?: boolean;
}

/** A whole graph, one statement a line. */
export function printGraph(graph: Graph, options: PrintOptions = {}): string {
  const typed = (id: ValueId): string => {
    const type = graph.values[id];
    return type === undefined ? printId(id) : `${printId(id)}: ${printType(type)}`;
  };
  const named = (id: ValueId, name: string): string => {
    const type = graph.values[id];
    return `${printId(id)} ${quote(name)}${type === undefined ? '' : `: ${printType(type)}`}`;
  };
  const lines = [
    ...graph.inputs.map((port) => `input ${named(port.value, port.name)}`),
    ...Object.entries(graph.parameters).map(
      ([id, parameter]) => `param ${named(id, parameter.name)}${printData(parameter, options)}`,
    ),
    ...graph.nodes.map((node) => `${node.results.map(typed).join(', ')} = ${printCall(node, options)}`),
    ...graph.outputs.map((port) => `output ${quote(port.name)}: ${printId(port.value)}`),
  ];
  return `graph ${quote(graph.name)} {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`;
}

/** One node as a statement, with the types of its results. */
export function printNode(
  node: Node,
  values: Readonly<Record<ValueId, TensorType>>,
  options: PrintOptions = {},
): string {
  const results = node.results.map((id) => {
    const type = values[id];
    return type === undefined ? printId(id) : `${printId(id)}: ${printType(type)}`;
  });
  return `${results.join(', ')} = ${printCall(node, options)}`;
}

/** `float32[N,8,8,4]` */
export function printType(type: TensorType): string {
  return `${type.dtype}[${type.shape.map(printSize).join(',')}]`;
}

/** `%id`, or `%"any text"` where the id is not a plain word. */
export function printId(id: ValueId): string {
  return /^[A-Za-z0-9_][A-Za-z0-9_./-]*$/.test(id) ? `%${id}` : `%${quote(id)}`;
}

/** An attribute's value. */
export function printAttr(value: Attr): string {
  if (value === null) return 'null';
  if (typeof value === 'number') return printNumber(value);
  if (typeof value === 'string') return singleQuote(value);
  if (typeof value === 'boolean') return String(value);
  if (isList(value)) return `[${value.map(printAttr).join(', ')}]`;
  if (isBatchDim(value)) return printSize(value);
  return printAttrs(value as Attrs);
}

/** `{ stride: [1, 1], pad: 'same' }` */
export function printAttrs(attrs: Attrs): string {
  const entries = Object.entries(attrs).map(([key, value]) => `${printKey(key)}: ${printAttr(value)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

function printCall(node: Node, options: PrintOptions): string {
  const operands = Object.entries(node.operands).map(
    ([name, operand]) => `${name}: ${printOperand(operand)}`,
  );
  const attrs = Object.keys(node.attrs).length === 0 ? '' : ` ${printAttrs(node.attrs)}`;
  const provenance = options.provenance === false ? '' : printProvenance(node);
  return `${node.op}(${operands.join(', ')})${attrs}${provenance}`;
}

function printOperand(operand: Operand): string {
  if (operand === null) return 'none';
  return typeof operand === 'string' ? printId(operand) : `[${operand.map(printId).join(', ')}]`;
}

function printProvenance({ scope, source, rule }: Node): string {
  const type = /^[A-Za-z_]\w*$/.test(source.type) ? source.type : quote(source.type);
  return [
    scope === '' ? '' : ` in ${quote(scope)}`,
    source.name === '' && source.type === '' ? '' : ` from ${quote(source.name)} ${type}`,
    rule.file === '' && rule.line === 0 ? '' : ` at ${quote(`${rule.file}:${String(rule.line)}`)}`,
  ].join('');
}

function printData(parameter: TensorType & { readonly name: string }, options: PrintOptions): string {
  const count = elementCount(parameter.shape);
  if (!options.weights?.has(parameter.name)) return '';
  if (count === null || count > (options.inlineUpTo ?? 16)) return '';
  const data = Array.from(options.weights.get(parameter.name));
  const first = data[0];
  if (first !== undefined && data.every((value) => Object.is(value, first)))
    return ` = ${printNumber(first)}`;
  return ` = [${data.map(printNumber).join(', ')}]`;
}

/** The shortest text that reads back to the same number. */
function printNumber(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return Object.is(value, -0) ? '-0' : String(value);
}

function printKey(key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? key : quote(key);
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function singleQuote(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${inner}'`;
}

function isList(value: Attr): value is readonly Attr[] {
  return Array.isArray(value);
}

function isBatchDim(value: object): value is Exclude<Dim, number> {
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0] === 'batch' && typeof (value as { batch: unknown }).batch === 'number';
}
