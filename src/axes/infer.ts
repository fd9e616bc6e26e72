/**
 * Axis inference: walks the graph once, instantiates each node's signature, and unifies. What it returns says which
 * channels are coupled, which can't go and why, and where a mask ends. Linear in the size of the graph in practice.
 */
import { functionArgs, inferNode, nodeScope } from '../shapes/infer-shapes.js';
import { operandList, operandTypes } from '../shapes/operands.js';
import { ruleInfo, type RuleInfo } from '../shapes/rule-info.js';
import { axisIndex } from '../shapes/functions.js';
import type { OpRule, RuleSet } from '../lang/ast.js';
import { operandValues, type Attr, type Dim, type Graph, type Node, type ValueId } from '../ir/graph.js';
import { shapeFailure } from './failure.js';
import { functionTerms } from './functions.js';
import { signatureTerms, type OperandDim } from './signature.js';
import type { Mark, TermNode } from './terms.js';
import { analyse, type AxisAnalysis } from './analysis.js';
import { Unifier } from './unify.js';

/** A dimension of a node's operand where channels end: their values are summed up, so zeros add nothing. */
export interface MaskEnd extends OperandDim {
  readonly node: string;
}

/** Ends of one axis of one node. Where no parameter shows the axis, the values themselves must be zero. */
export interface AxisEnd {
  readonly node: Node;
  readonly dims: readonly OperandDim[];
  readonly dataOnly: boolean;
}

export interface InferOptions {
  /** Nodes of modules that stay as they are. */
  readonly exclude?: (node: Node) => boolean;
}

/**
 * Infers the axes of a graph.
 * @throws DiagnosticError where a node does not fit its rule.
 */
export function inferAxes(graph: Graph, rules: RuleSet, options: InferOptions = {}): AxisAnalysis {
  const walk = new Walk(graph, rules);
  walk.inputs();
  for (const node of graph.nodes) walk.node(node);
  walk.outputs();
  if (options.exclude !== undefined) walk.exclude(graph.nodes.filter(options.exclude));
  return analyse(graph, rules, walk);
}

/** The state of one inference, read by `analyse`. */
export class Walk {
  readonly unifier = new Unifier();
  readonly terms = new Map<ValueId, readonly TermNode[]>();
  readonly nodeAxes = new Map<string, ReadonlyMap<string, readonly TermNode[]>>();
  readonly ends: AxisEnd[] = [];
  readonly #graph: Graph;
  readonly #rules: Pick<RuleSet, 'ops'>;
  /** Values that follow from parameters alone. */
  readonly #constant: Set<ValueId>;

  constructor(graph: Graph, rules: Pick<RuleSet, 'ops'>) {
    this.#graph = graph;
    this.#rules = rules;
    this.#constant = new Set(Object.keys(graph.parameters));
  }

  /** @param termOf what an axis is, by its place and size; null for one that can't go, which is what the model's own are */
  inputs(termOf: (dim: number, size: Dim) => TermNode | null = () => null): void {
    for (const { name, value } of this.#graph.inputs) {
      this.unifier.why = { message: `it is an axis of the model's input "${name}"`, node: null, rule: null };
      const shape = this.#graph.values[value]!.shape;
      this.terms.set(
        value,
        shape.map(
          (size, dim) => termOf(dim, size) ?? this.unifier.frozenLeaf(size, this.unifier.why.message),
        ),
      );
    }
  }

  outputs(): void {
    for (const { name, value } of this.#graph.outputs) {
      this.unifier.why = { message: `it is an axis of the model's output "${name}"`, node: null, rule: null };
      for (const term of this.#termsOf(value)) this.unifier.mark(term, 'frozen');
    }
  }

  exclude(nodes: readonly Node[]): void {
    for (const node of nodes) {
      this.unifier.why = { message: 'its module is excluded', node: node.id, rule: null };
      const own = operandValues(node).filter((value) => value in this.#graph.parameters);
      for (const value of [...own, ...node.results]) {
        for (const term of this.#termsOf(value)) this.unifier.mark(term, 'frozen');
      }
    }
  }

  /** The terms of a value; a parameter's are made when it is first read. */
  readonly #termsOf = (value: ValueId): readonly TermNode[] => {
    const known = this.terms.get(value);
    if (known !== undefined) return known;
    const terms = this.#graph.parameters[value]!.shape.map((size) => this.unifier.leaf(size));
    this.terms.set(value, terms);
    return terms;
  };

  node(node: Node): void {
    const rule = this.#rules.ops.get(node.op);
    if (rule === undefined) throw shapeFailure(node, undefined, new Error(`no rule defines ${node.op}`));
    this.unifier.why = { message: `${node.op} couples them`, node: node.id, rule: node.rule };
    try {
      this.#instantiate(node, rule);
    } catch (error) {
      throw shapeFailure(node, rule, error);
    }
    if (operandValues(node).every((value) => this.#constant.has(value))) {
      node.results.forEach((value) => this.#constant.add(value));
    }
  }

  #instantiate(node: Node, rule: OpRule): void {
    const info = ruleInfo(rule);
    const types = operandTypes(node, this.#graph.values);
    const { solution, attrs } = inferNode(
      rule,
      types,
      node.attrs,
      node.results.length - (rule.results.length - 1),
    );
    let results: readonly (readonly TermNode[])[] = [];
    if (info.signature !== null) {
      const instance = signatureTerms(node, rule, info, solution, this.#termsOf, this.unifier);
      results = instance.results;
      this.nodeAxes.set(node.id, instance.axes);
      this.#markAxes(node, rule, info, instance.axes, instance.places);
    }
    const scope = nodeScope(rule, types, attrs, solution);
    for (const clause of info.functions) {
      const args = functionArgs(clause, rule, types, scope);
      const operands = clause.args.map((arg) =>
        arg.kind === 'name' ? operandList(node.operands[arg.name]) : [],
      );
      const made = functionTerms(
        clause.function,
        args,
        operands.map((values) => values.map(this.#termsOf)),
        this.unifier,
      );
      if (clause.function === 'fixed') this.#freezeOperands(node);
      if (made.axes.size > 0) this.nodeAxes.set(node.id, made.axes);
      for (const { arg, member, dim } of made.ends) {
        const source = clause.args[arg]!;
        const operand = source.kind === 'name' ? source.name : '';
        const place = { operand, index: member, value: operands[arg]![member]!, dim };
        this.ends.push({ node, dims: [place], dataOnly: clause.function === 'reduce' });
      }
      results = [...results, made.result];
    }
    if (info.functions.length > 0) this.#markListed(node, rule, info, attrs);
    node.results.forEach((value, i) => this.terms.set(value, results[i]!));
  }

  #freezeOperands(node: Node): void {
    for (const value of operandValues(node)) {
      for (const term of this.#termsOf(value)) {
        this.unifier.mark(term, 'frozen', `the rule of ${node.op} lets nothing flow through it`);
      }
    }
  }

  /** What a signature says of each axis: where it ends, and where it can't go. */
  #markAxes(
    node: Node,
    rule: OpRule,
    info: RuleInfo,
    axes: ReadonlyMap<string, readonly TermNode[]>,
    places: ReadonlyMap<string, readonly OperandDim[]>,
  ): void {
    const mark = (name: string, kind: Mark, message: () => string): void => {
      for (const term of axes.get(name) ?? []) this.unifier.mark(term, kind, message);
    };
    for (const name of info.axes) {
      const shown = places.get(name) ?? [];
      if (info.inSizes.has(name)) mark(name, 'frozen', () => `${node.op} slides a window over it`);
      else if (shown.length === 0 && info.inResults.has(name)) {
        if ((info.inOperands.get(name)?.size ?? 0) === 0)
          mark(name, 'frozen', () => `${node.op} computes its size`);
      } else if (!info.inResults.has(name)) {
        const data = shown.filter((place) => !this.#constant.has(place.value));
        if (data.length > 0) this.ends.push({ node, dims: data, dataOnly: data.length === shown.length });
        // Two constants are contracted, such as the state that a recurrent layer starts from: masking one is enough.
        else if (shown.length > 1) this.ends.push({ node, dims: shown.slice(0, 1), dataOnly: false });
        else mark(name, 'frozen', () => `${node.op} shows it to no data: it is nobody's channel`);
      } else if (!info.rests.has(name)) {
        // What an operand shows twice comes back to it within the node, as a recurrent layer's state does.
        const recurrent = shown.filter((place) =>
          shown.some((other) => isSameOperand(place, other) && other.dim !== place.dim),
        );
        if (recurrent.length > 0) this.ends.push({ node, dims: recurrent, dataOnly: false });
      }
    }
    for (const name of rule.fixed) mark(name, 'frozen', () => `the rule of ${node.op} says fixed ${name}`);
    for (const name of rule.mixes) mark(name, 'mixes', () => `the rule of ${node.op} says mixes ${name}`);
    for (const name of rule.keep) mark(name, 'keep', () => `the rule of ${node.op} says keep ${name}`);
  }

  /** For axis functions: `fixed over` marks the axes of the first operand that the attribute lists. */
  #markListed(node: Node, rule: OpRule, info: RuleInfo, attrs: Readonly<Record<string, Attr>>): void {
    const operand = rule.operands[0];
    const values = operand === undefined ? [] : operandList(node.operands[operand.name]);
    const kinds = [
      ['fixed', 'frozen', rule.fixed],
      ['mixes', 'mixes', rule.mixes],
      ['keep', 'keep', rule.keep],
    ] as const;
    for (const [word, kind, names] of kinds) {
      for (const name of names) {
        if (info.axes.has(name)) continue;
        for (const value of values) {
          const terms = this.#termsOf(value);
          for (const dim of listedAxes(attrs[name], terms.length)) {
            this.unifier.mark(terms[dim]!, kind, `the rule of ${node.op} says ${word} ${name}`);
          }
        }
      }
    }
  }
}

function isSameOperand(a: OperandDim, b: OperandDim): boolean {
  return a.operand === b.operand && a.index === b.index;
}

/** The axes that an attribute lists: a number, a list, or null for all of them. */
function listedAxes(value: Attr | undefined, rank: number): number[] {
  if (value === null || value === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = Array.isArray(value) ? (value as readonly Attr[]) : [value];
  return list.map((axis) => axisIndex(axis as number, rank));
}
