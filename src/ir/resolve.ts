/** IR statements to a graph: names become values, missing types and attributes are inferred from the rules. */
import type { OpRule, RuleSet } from '../lang/ast.js';
import type {
  Attrs,
  Graph,
  Node,
  Operand,
  Parameter,
  Port,
  TensorData,
  TensorType,
  ValueId,
} from './graph.js';
import { isMisfit, tryInfer } from './infer.js';
import { IrTextProblem } from './lex.js';
import { printId, printType } from './print.js';
import type { GraphText, Literal, NumberRange, OperandText, Statement } from './statements.js';
import type { Place, ValueRef } from './token-reader.js';
import { elementCount, operandTypes, sameType } from './types.js';
import { newTensorData } from './weights.js';

/** The most elements that a literal may fill. */
const mostLiteralElements = 1 << 24;

export interface Resolved {
  readonly graph: Graph;
  /** The data of parameters that have a literal, by parameter name. */
  readonly data: ReadonlyMap<string, TensorData>;
  /** Where an input or parameter says `= random(0, 1)`. */
  readonly ranges: ReadonlyMap<ValueId, NumberRange>;
  readonly problems: readonly IrTextProblem[];
}

/** Builds the graph, with all problems that the statements have together. */
export function resolveStatements(text: GraphText, rules: RuleSet): Resolved {
  const resolver = new Resolver(rules);
  for (const statement of text.statements) resolver.add(statement);
  return resolver.finish(text.name);
}

class Resolver {
  private readonly types = new Map<ValueId, TensorType>();
  /** Values whose definition has a problem: reading them is no second problem. */
  private readonly broken = new Set<ValueId>();
  private readonly parameters = new Map<ValueId, Parameter>();
  private readonly inputs: Port[] = [];
  private readonly outputs: Port[] = [];
  private readonly nodes: Node[] = [];
  private readonly data = new Map<string, TensorData>();
  private readonly ranges = new Map<ValueId, NumberRange>();
  private readonly problems: IrTextProblem[] = [];

  constructor(private readonly rules: RuleSet) {}

  add(statement: Statement): void {
    try {
      if (statement.kind === 'node') this.addNode(statement);
      else if (statement.kind === 'output') {
        this.check(statement.value);
        this.outputs.push({ name: statement.name, value: statement.value.id });
      } else {
        this.define(statement.value, statement.type);
        if (statement.range !== null) this.ranges.set(statement.value.id, statement.range);
        if (statement.kind === 'input') this.inputs.push({ name: statement.name, value: statement.value.id });
        else this.addParameter(statement);
      }
    } catch (error) {
      if (!(error instanceof IrTextProblem)) throw error;
      this.problems.push(error);
      if (statement.kind === 'node') for (const { id } of statement.results) this.broken.add(id);
    }
  }

  finish(name: string): Resolved {
    const graph: Graph = {
      name,
      inputs: this.inputs,
      outputs: this.outputs,
      parameters: Object.fromEntries(this.parameters),
      values: Object.fromEntries(this.types),
      nodes: this.nodes,
    };
    return { graph, data: this.data, ranges: this.ranges, problems: this.problems };
  }

  private addParameter(statement: Statement & { kind: 'param' }): void {
    const { type, name, data } = statement;
    this.parameters.set(statement.value.id, { name, ...type });
    if (data !== null) this.data.set(name, literalData(data, type));
  }

  private addNode(statement: Statement & { kind: 'node' }): void {
    const rule = this.rules.ops.get(statement.op.name);
    if (rule === undefined) {
      throw new IrTextProblem(
        `no rule defines the op ${statement.op.name}`,
        statement.op.start,
        statement.op.end,
        'Check the spelling, or add the rule file that defines it.',
        'E802',
      );
    }
    const operands = bindOperands(rule, statement.operands, statement.op);
    const read = statement.operands.flatMap(({ value }) => (value === null ? [] : value));
    for (const ref of read) this.check(ref);
    if (read.some(({ id }) => this.broken.has(id))) {
      for (const { id } of statement.results) this.broken.add(id);
      return;
    }
    const { attrs, types } = this.infer(rule, operands, statement);
    statement.results.forEach((result, index) => {
      this.define(result, types[index]!);
    });
    this.nodes.push({
      id: statement.results[0]!.id,
      op: rule.name,
      operands,
      attrs,
      results: statement.results.map(({ id }) => id),
      scope: statement.scope,
      source: statement.source,
      rule: statement.rule,
    });
  }

  /** Attributes and result types: as they stand where everything is stated, else inferred and compared. */
  private infer(
    rule: OpRule,
    operands: Readonly<Record<string, Operand>>,
    statement: Statement & { kind: 'node' },
  ): { attrs: Attrs; types: readonly TensorType[] } {
    const stated = statement.results.map(({ type }) => type);
    const complete =
      stated.every((type) => type !== null) &&
      rule.attrs.every(({ name }) => Object.hasOwn(statement.attrs, name));
    if (complete) return { attrs: statement.attrs, types: stated as TensorType[] };

    const inferred = this.inferNode(rule, operands, statement);
    if (inferred.results.length !== stated.length) {
      throw new IrTextProblem(
        `${rule.name} has ${String(inferred.results.length)} results here, and ${String(stated.length)} are named`,
        statement.op.start,
        statement.op.end,
        undefined,
        'E805',
      );
    }
    stated.forEach((type, index) => {
      const actual = inferred.results[index]!;
      const { start, end } = statement.results[index]!;
      if (type !== null && !sameType(type, actual)) {
        throw new IrTextProblem(
          `the rule of ${rule.name} makes this ${printType(actual)}, and the text says ${printType(type)}`,
          start,
          end,
          undefined,
          'E806',
        );
      }
    });
    return {
      attrs: { ...statement.attrs, ...withoutKeys(inferred.attrs, statement.attrs) },
      types: inferred.results,
    };
  }

  private inferNode(
    rule: OpRule,
    operands: Readonly<Record<string, Operand>>,
    statement: Statement & { kind: 'node' },
  ): { results: readonly TensorType[]; attrs: Attrs } {
    const types = operandTypes(operands, (id) => this.types.get(id)!);
    const inferred = tryInfer(
      rule,
      types,
      statement.attrs,
      statement.results.length - (rule.results.length - 1),
    );
    if (!isMisfit(inferred)) return inferred;
    throw new IrTextProblem(
      `${rule.name}: ${inferred.misfit}`,
      statement.op.start,
      statement.op.end,
      undefined,
      'E301',
      undefined,
      inferred.span === undefined ? [] : [{ message: 'the rule says so here', span: inferred.span }],
    );
  }

  private define({ id, start, end }: ValueRef, type: TensorType): void {
    if (id === '__proto__') throw new IrTextProblem('a value can not have this name', start, end);
    if (this.types.has(id)) {
      throw new IrTextProblem(
        `${printId(id)} is defined twice`,
        start,
        end,
        'Every value has its own name.',
        'E804',
      );
    }
    this.types.set(id, type);
  }

  private check({ id, start, end }: ValueRef): void {
    if (this.types.has(id) || this.broken.has(id)) return;
    throw new IrTextProblem(
      `${printId(id)} is not defined here`,
      start,
      end,
      'Define it above: statements stand in the order in which they are computed.',
      'E803',
    );
  }
}

/** Puts operands in the order of the rule; optional ones that are not given are null. */
function bindOperands(rule: OpRule, given: readonly OperandText[], op: Place): Record<string, Operand> {
  const problem = (message: string, place: Place): IrTextProblem =>
    new IrTextProblem(
      message,
      place.start,
      place.end,
      `The operands are ${rule.operands.map(({ name, kind }) => `${name}${suffix[kind]}`).join(', ')}.`,
      'E805',
    );
  const byName = new Map<string, Operand>();
  given.forEach((operand, index) => {
    const declared =
      operand.name === null ? rule.operands[index] : rule.operands.find(({ name }) => name === operand.name);
    if (declared === undefined)
      throw problem(`${rule.name} has no operand ${operand.name ?? `number ${String(index + 1)}`}`, operand);
    if (byName.has(declared.name)) throw problem(`the operand ${declared.name} is given twice`, operand);
    const value = operand.value;
    if (value === null && declared.kind !== 'optional')
      throw problem(`the operand ${declared.name} can not be left out`, operand);
    if (value !== null && isList(value) !== (declared.kind === 'variadic')) {
      throw problem(
        `the operand ${declared.name} is ${isList(value) ? 'one value, not a list' : 'a list of values'}`,
        operand,
      );
    }
    byName.set(declared.name, value === null ? null : isList(value) ? value.map(({ id }) => id) : value.id);
  });
  return Object.fromEntries(
    rule.operands.map(({ name, kind }) => {
      const value = byName.get(name);
      if (value === undefined && kind !== 'optional')
        throw problem(`the operand ${name} of ${rule.name} is missing`, op);
      return [name, value ?? null];
    }),
  );
}

const suffix = { one: '', optional: '?', variadic: '*' } as const;

function isList(value: ValueRef | readonly ValueRef[]): value is readonly ValueRef[] {
  return Array.isArray(value);
}

function literalData(literal: Literal, type: TensorType): TensorData {
  const count = elementCount(type.shape);
  const problem = (message: string): IrTextProblem =>
    new IrTextProblem(message, literal.start, literal.end, undefined, 'E807');
  if (count === null) throw problem('a parameter has no symbolic batch');
  if (count > mostLiteralElements) throw problem(`${String(count)} elements are too many for a literal`);
  if (!literal.fill && literal.numbers.length !== count) {
    throw problem(
      `${printType(type)} has ${String(count)} elements, and ${String(literal.numbers.length)} are given`,
    );
  }
  const data = newTensorData(type.dtype, count);
  const fits = (value: number): boolean =>
    type.dtype === 'float32' || (type.dtype === 'int32' ? (value | 0) === value : value === 0 || value === 1);
  const wrong = literal.numbers.find((value) => !fits(value));
  if (wrong !== undefined) throw problem(`${String(wrong)} is no ${type.dtype}`);
  if (literal.fill) data.fill(literal.numbers[0]!);
  else data.set(literal.numbers);
  return data;
}

function withoutKeys(attrs: Attrs, known: Attrs): Attrs {
  return Object.fromEntries(Object.entries(attrs).filter(([name]) => !Object.hasOwn(known, name)));
}
