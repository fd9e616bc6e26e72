/** Checks that a graph is well-formed and agrees with the rules; runs between passes. */
import type { Diagnostic, Span } from '../diagnostics/diagnostic.js';
import type { OpRule, OperandDecl, RuleSet } from '../lang/ast.js';
import type { Graph, Node, Operand, ValueId, WeightStore, TensorType } from './graph.js';
import { operandValues } from './graph.js';
import { isMisfit, tryInfer } from './infer.js';
import { printAttr, printId, printNode, printType } from './print.js';
import { elementCount, operandTypes, sameAttr, sameType } from './types.js';

/**
 * Everything that is wrong with a graph, in the order of its nodes; empty if it is well-formed. Linear time.
 * @param weights where given, every parameter's data must be there with the right number of elements.
 */
export function verifyGraph(graph: Graph, rules: RuleSet, weights?: WeightStore): Diagnostic[] {
  const verifier = new Verifier(graph, rules);
  verifier.ports();
  for (const [id, parameter] of Object.entries(graph.parameters)) {
    verifier.define(id, `the parameter ${JSON.stringify(parameter.name)}`);
    const type = graph.values[id];
    if (type !== undefined && !sameType(type, parameter)) {
      verifier.report(
        'E806',
        `${printId(id)} is ${printType(type)}, and its parameter ${printType(parameter)}`,
      );
    }
    if (weights !== undefined) verifier.data(id, weights);
  }
  for (const node of graph.nodes) verifier.node(node);
  verifier.outputs();
  verifier.orphans();
  return verifier.diagnostics;
}

class Verifier {
  readonly diagnostics: Diagnostic[] = [];
  private readonly defined = new Set<ValueId>();

  constructor(
    private readonly graph: Graph,
    private readonly rules: RuleSet,
  ) {}

  ports(): void {
    for (const port of this.graph.inputs) this.define(port.value, `the input ${JSON.stringify(port.name)}`);
    for (const kind of ['inputs', 'outputs'] as const) {
      const names = new Set<string>();
      for (const { name } of this.graph[kind]) {
        if (names.has(name)) this.report('E804', `two ${kind} are named ${JSON.stringify(name)}`);
        names.add(name);
      }
    }
  }

  /** A definition of a value: it must be the only one, and the value must have a type. */
  define(id: ValueId, by: string): void {
    if (this.defined.has(id)) this.report('E804', `${printId(id)} is defined again by ${by}`);
    this.defined.add(id);
    if (this.graph.values[id] === undefined)
      this.report('E806', `${printId(id)}, defined by ${by}, has no type`);
  }

  data(id: ValueId, weights: WeightStore): void {
    const parameter = this.graph.parameters[id]!;
    if (!weights.has(parameter.name)) {
      this.report('E810', `there is no data for the parameter ${JSON.stringify(parameter.name)}`);
      return;
    }
    const count = elementCount(parameter.shape);
    const { length } = weights.get(parameter.name);
    if (count !== length) {
      const type = printType(parameter);
      this.report(
        'E810',
        `the parameter ${JSON.stringify(parameter.name)} is ${type}, and has ${String(length)} elements`,
      );
    }
  }

  node(node: Node): void {
    const before = this.diagnostics.length;
    for (const id of new Set(operandValues(node))) {
      if (!this.defined.has(id)) this.report('E803', `${printId(id)} is read before it is defined`, node);
    }
    for (const id of node.results) this.define(id, `the node ${printId(node.id)}`);
    if (node.results[0] !== node.id) {
      this.report('E805', 'a node must be named like its first result', node);
    }
    const rule = this.rules.ops.get(node.op);
    if (rule === undefined) {
      this.report('E802', `no rule defines the op ${node.op}`, node);
      return;
    }
    this.operands(rule, node);
    this.attributes(rule, node);
    // Inference on operands that are wrong would only say the same again.
    if (this.diagnostics.length === before) this.types(rule, node);
  }

  outputs(): void {
    for (const { name, value } of this.graph.outputs) {
      if (!this.defined.has(value)) {
        this.report('E803', `the output ${JSON.stringify(name)} is ${printId(value)}, which nothing defines`);
      }
    }
  }

  orphans(): void {
    for (const id of Object.keys(this.graph.values)) {
      if (!this.defined.has(id)) this.report('E803', `${printId(id)} has a type, and nothing defines it`);
    }
  }

  report(code: string, message: string, node?: Node, span?: Span): void {
    this.diagnostics.push({
      code,
      severity: 'error',
      message,
      ...(span === undefined ? {} : { span }),
      where:
        node === undefined
          ? `graph ${JSON.stringify(this.graph.name)}`
          : `node ${printNode(node, this.graph.values)}`,
    });
  }

  private operands(rule: OpRule, node: Node): void {
    const declared = new Set(rule.operands.map(({ name }) => name));
    for (const name of Object.keys(node.operands)) {
      if (!declared.has(name)) this.report('E805', `${rule.name} has no operand ${name}`, node);
    }
    for (const operand of rule.operands) {
      const problem = operandProblem(operand, node.operands[operand.name]);
      if (problem !== null) this.report('E805', problem, node);
    }
  }

  private attributes(rule: OpRule, node: Node): void {
    const declared = new Set(rule.attrs.map(({ name }) => name));
    for (const name of Object.keys(node.attrs)) {
      if (!declared.has(name)) this.report('E805', `${rule.name} has no attribute ${name}`, node);
    }
    for (const { name } of rule.attrs) {
      if (!Object.hasOwn(node.attrs, name))
        this.report('E805', `the attribute ${name} of ${rule.name} is missing`, node);
    }
  }

  /** Types that fitted before fit again: stages leave most nodes as they are. */
  private types(rule: OpRule, node: Node): void {
    const types = [...operandValues(node), ...node.results].map((id) => this.graph.values[id]);
    const known = fitting.get(node);
    if (known?.rule === rule && known.types.every((type, i) => type === types[i])) return;
    const before = this.diagnostics.length;
    this.inferredTypes(rule, node);
    if (this.diagnostics.length === before) fitting.set(node, { rule, types });
  }

  private inferredTypes(rule: OpRule, node: Node): void {
    const operands = operandTypes(node.operands, (id) => this.graph.values[id]!);
    const inferred = tryInfer(rule, operands, node.attrs, node.results.length - (rule.results.length - 1));
    if (isMisfit(inferred)) {
      this.report('E301', inferred.misfit, node, inferred.span);
      return;
    }
    if (inferred.results.length !== node.results.length) {
      this.report('E805', `${rule.name} has ${String(inferred.results.length)} results here`, node);
    }
    inferred.results.forEach((type, index) => {
      const stated = this.graph.values[node.results[index] ?? ''];
      if (stated !== undefined && !sameType(stated, type)) {
        this.report(
          'E806',
          `the rule of ${rule.name} makes result ${String(index)} ${printType(type)}`,
          node,
        );
      }
    });
    for (const [name, value] of Object.entries(inferred.attrs)) {
      if (!sameAttr(value, node.attrs[name]!)) {
        this.report('E806', `the rule of ${rule.name} makes the attribute ${name} ${printAttr(value)}`, node);
      }
    }
  }
}

/** Nodes whose types are those that their rule makes, with the types of their operands and results. */
const fitting = new WeakMap<
  Node,
  { readonly rule: OpRule; readonly types: readonly (TensorType | undefined)[] }
>();

function operandProblem({ name, kind }: OperandDecl, operand: Operand | undefined): string | null {
  if (operand === undefined) return `the operand ${name} is missing`;
  if (operand === null) return kind === 'optional' ? null : `the operand ${name} can not be left out`;
  if ((typeof operand !== 'string') === (kind === 'variadic')) return null;
  return kind === 'variadic'
    ? `the operand ${name} is a list of values`
    : `the operand ${name} is one value, not a list`;
}
