/** Turns one source node into canonical nodes, by one `from` clause that its inputs match. */
import { DiagnosticError } from '../diagnostics/diagnostic.js';
import type { Span } from '../diagnostics/diagnostic.js';
import { build } from '../ir/build.js';
import type { Locals } from '../ir/build.js';
import type { Attr, Attrs, DType, Operand, TensorData, TensorType, ValueId } from '../ir/graph.js';
import { newTensorData } from '../ir/weights.js';
import type { Build, Expr, OperandDecl, RuleSet } from '../lang/ast.js';
import { evaluate, EvaluationError } from '../lang/evaluate.js';
import type { Scope } from '../lang/evaluate.js';
import { truthOf } from '../lang/values.js';
import { clauseNames } from './clause-names.js';
import { axisOrder, inverseOrder, printAxis, signatureOf } from './axis-order.js';
import { Unfit } from './graph-builder.js';
import type { GraphBuilder, Origin } from './graph-builder.js';
import type { Binding, Bindings } from './match.js';
import type { Candidate } from './registry.js';
import { rulePlace } from './rule-place.js';
import type { SourceNode, SourceRef } from './source-graph.js';

/** Why a clause does not fit; `unknown` is the value that would have to be known at compile time. */
export interface Refusal {
  readonly reason: string;
  readonly unknown?: ValueId;
}

/** The canonical values of a source node's outputs. */
export type Imported = readonly (ValueId | undefined)[];

/** One attempt to import `node` by `candidate`: first {@link refusal}, then {@link run}. */
export class NodeImport {
  private readonly locals: Locals = new Map();
  /** The values of the clause's `let`. */
  private readonly lets = new Map<string, Attr>();
  private readonly attrs: Attrs;
  private readonly operands: ReadonlyMap<string, OperandDecl>;

  constructor(
    private readonly rules: RuleSet,
    private readonly builder: GraphBuilder,
    private readonly node: SourceNode,
    private readonly candidate: Candidate,
    private readonly bindings: Bindings,
    private readonly valueOf: (ref: SourceRef) => ValueId,
  ) {
    this.attrs = node.attrs;
    this.operands = new Map(candidate.op.operands.map((operand) => [operand.name, operand]));
  }

  /** Why the clause is not for this node; null: it is. */
  refusal(): Refusal | null {
    const { from } = this.candidate;
    for (const [name, { ref }] of this.bindings) {
      if (!this.mustBeKnown(name) || ref === null) continue;
      for (const one of refs(ref)) {
        const id = this.valueOf(one);
        if (this.builder.known.value(id) !== undefined) continue;
        const { known } = this.builder;
        const why = known.dependsOnData(id) ? undefined : known.whyUnknown(id);
        return {
          reason: `its operand ${name} must be known at compile time${why === undefined ? '' : `: ${why}`}`,
          unknown: id,
        };
      }
    }
    for (const [name, binding] of this.bindings) {
      for (const one of binding.ref === null ? [] : refs(binding.ref)) {
        const order = this.operandOrder(name, binding, this.builder.typeOf(this.valueOf(one)).shape.length);
        if (order === 'incomparable') {
          const rank = this.builder.typeOf(this.valueOf(one)).shape.length;
          return {
            reason: `its operand ${name} has ${rank} axes, and ${printDims(binding)} does not fit the op`,
          };
        }
      }
    }
    try {
      for (const { name, value } of from.lets) this.lets.set(name, this.evaluate(value, this.locals));
      if (from.when === null) return null;
      const holds = this.evaluate(from.when, this.locals);
      return !truthOf(holds, 'a condition') ? { reason: 'its `when` does not hold' } : null;
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      return { reason: `its \`let\` or \`when\` can not be told: ${error.message}` };
    }
  }

  /** Adds the canonical nodes. */
  run(): Imported {
    const { op, from } = this.candidate;
    const origin: Origin = {
      scope: this.node.scope,
      source: { name: this.node.name, type: this.node.type },
      rule: rulePlace(from.span, this.rules),
      outputs: this.node.outputs,
    };
    const results =
      from.expansion === null
        ? this.builder.node(op, this.operandsOf(origin), this.givenAttrs(), origin)
        : this.expand(from.expansion, origin);
    return this.asSourceOutputs(results, origin);
  }

  private operandsOf(origin: Origin): Record<string, Operand> {
    return Object.fromEntries(
      this.candidate.op.operands.map(({ name, kind }): [string, Operand] => {
        const value = this.tensor(name, origin);
        return [name, value ?? (kind === 'variadic' ? [] : null)];
      }),
    );
  }

  /** The attributes in braces, and compile-time operands that have an attribute's name. */
  private givenAttrs(): Attrs {
    const { op, from } = this.candidate;
    const given = new Map<string, Attr>();
    for (const { name, value } of from.attrs)
      given.set(
        name,
        this.attempt(value, () => this.evaluate(value, this.locals)),
      );
    for (const { name } of op.attrs) {
      if (given.has(name) || !this.bindings.has(name) || this.operands.has(name)) continue;
      const value = this.knownValue(name);
      if (value !== undefined) given.set(name, value);
    }
    return Object.fromEntries([...given].filter(([, value]) => value !== null));
  }

  private expand(expansion: Build, origin: Origin): readonly ValueId[] {
    const context = {
      rules: this.rules,
      tensor: (name: string) => this.tensor(name, origin),
      evaluate: (expr: Expr, locals: Locals) => this.attempt(expr, () => this.evaluate(expr, locals)),
      spread: (name: string): Attrs => {
        throw new Unfit(this.candidate.op, `there is no matched node ${name} in a \`from\``, expansion.span);
      },
      node: (rule: Candidate['op'], operands: Readonly<Record<string, Operand>>, attrs: Attrs) =>
        this.builder.node(rule, operands, attrs, origin),
      scalar: (value: Attr, beside: ValueId | null) =>
        this.scalar(value, beside === null ? 'float32' : this.builder.typeOf(beside).dtype, expansion.span),
    };
    const result = this.unfitting(expansion.span, () => build(expansion, context));
    if (result === null) throw new Unfit(this.candidate.op, 'its expansion gives no value', expansion.span);
    return typeof result === 'string' ? [result] : result;
  }

  /** A value of the source in the op's axis order; undefined: the name is no operand. */
  private tensor(name: string, origin: Origin): Operand | undefined {
    const binding = this.bindings.get(name);
    if (binding === undefined) return this.operands.has(name) ? null : undefined;
    if (binding.ref === null) return null;
    const ordered = (ref: SourceRef): ValueId => {
      const id = this.valueOf(ref);
      const order = this.operandOrder(name, binding, this.builder.typeOf(id).shape.length);
      return order === null || order === 'incomparable' ? id : this.builder.permute(id, order, origin);
    };
    return 'node' in binding.ref ? ordered(binding.ref) : binding.ref.map(ordered);
  }

  /** From the source's axis order to the op's; null where they are the same. */
  private operandOrder(
    name: string,
    { pattern }: Binding,
    rank: number,
  ): readonly number[] | null | 'incomparable' {
    if (pattern.dims === null) return null;
    const signature = signatureOf(this.candidate.op, 'operands', name);
    return signature === undefined ? 'incomparable' : axisOrder(pattern.dims, signature.dims, rank);
  }

  /** Results as the source's outputs, in its own axis order. */
  private asSourceOutputs(results: readonly ValueId[], origin: Origin): Imported {
    const { op, from } = this.candidate;
    if (from.results === null) return results;
    return from.results.flatMap(({ name, dims }, i): (ValueId | undefined)[] => {
      const place = op.results.findIndex((result) => result.name === name);
      const own =
        op.results[place]?.kind === 'variadic' ? results.slice(place) : [results[place < 0 ? i : place]];
      if (dims === null) return own;
      const signature = signatureOf(op, 'results', name);
      return own.map((id) => {
        if (id === undefined) return undefined;
        const rank = this.builder.typeOf(id).shape.length;
        const order = signature === undefined ? 'incomparable' : axisOrder(signature.dims, dims, rank);
        if (order === 'incomparable') {
          const stated = `[${dims.map(printAxis).join(', ')}]`;
          throw new Unfit(op, `the axis order ${stated} of result ${name} does not fit its axes`, from.span);
        }
        return order === null ? id : this.builder.permute(id, order, origin);
      });
    });
  }

  private mustBeKnown(name: string): boolean {
    if (this.operands.has(name)) return false;
    const { built, typesOnly } = clauseNames(this.candidate.from);
    return !built.has(name) && !typesOnly.has(name);
  }

  private knownValue(name: string): Attr | undefined {
    const ref = this.bindings.get(name)?.ref;
    if (ref === undefined || ref === null) return null;
    if ('node' in ref) return this.builder.known.value(this.valueOf(ref));
    const values = ref.map((one) => this.builder.known.value(this.valueOf(one)));
    return values.every((value) => value !== undefined) ? values : undefined;
  }

  /** The names of a `from`: locals, compile-time operands, then the source node's attributes. */
  private evaluate(expr: Expr, locals: Locals): Attr {
    const scope: Scope = {
      name: (name) => {
        const local = locals.get(name);
        if (local !== undefined) return local.kind === 'attr' ? local.value : undefined;
        if (this.lets.has(name)) return this.lets.get(name);
        if (this.operands.has(name) || this.resultType(name) !== undefined) return undefined;
        if (this.bindings.has(name)) return this.knownValue(name);
        return Object.hasOwn(this.attrs, name) ? this.attrs[name]! : null;
      },
      tensor: (name) => this.tensorType(name, locals),
      call: (fn, args) => {
        const [arg] = args;
        if (arg?.kind !== 'name') return undefined;
        const ref = this.bindings.get(arg.name)?.ref ?? null;
        if (fn === 'is_constant') {
          return ref === null || refs(ref).every((one) => this.builder.known.isConstant(this.valueOf(one)));
        }
        if (fn === 'len' && this.operands.has(arg.name)) return ref === null ? 0 : refs(ref).length;
        return undefined;
      },
    };
    return evaluate(expr, scope);
  }

  private tensorType(name: string, locals: Locals): TensorType | null | undefined {
    const local = locals.get(name);
    if (local?.kind === 'tensor') {
      const id = typeof local.value === 'string' ? local.value : local.value?.[0];
      return id === undefined ? null : this.builder.typeOf(id);
    }
    const binding = this.bindings.get(name);
    if (binding === undefined) return this.operands.has(name) ? null : this.resultType(name);
    const ref = binding.ref === null ? undefined : refs(binding.ref)[0];
    if (ref === undefined) return null;
    const type = this.builder.typeOf(this.valueOf(ref));
    const order = this.operandOrder(name, binding, type.shape.length);
    if (order === null || order === 'incomparable') return type;
    return { dtype: type.dtype, shape: order.map((axis) => type.shape[axis]!) };
  }

  /** The type of a result where the source recorded it, in the op's axis order. */
  private resultType(name: string): TensorType | undefined {
    const { op, from } = this.candidate;
    const named = from.results?.findIndex((result) => result.name === name) ?? -1;
    const place = named >= 0 ? named : op.results.findIndex((result) => result.name === name);
    const type = place < 0 ? undefined : this.node.types?.[place];
    const dims = named >= 0 ? from.results?.[named]?.dims : null;
    const signature = signatureOf(op, 'results', name);
    if (type === undefined || !dims || signature === undefined) return type;
    const order = axisOrder(signature.dims, dims, type.shape.length);
    if (order === null || order === 'incomparable') return type;
    return { dtype: type.dtype, shape: inverseOrder(order).map((axis) => type.shape[axis]!) };
  }

  private scalar(value: Attr, dtype: DType, span: Span): ValueId {
    const fits =
      dtype === 'bool'
        ? typeof value === 'boolean'
        : typeof value === 'number' && (dtype === 'float32' || Number.isInteger(value));
    if (!fits) {
      throw new Unfit(this.candidate.op, `${JSON.stringify(value)} can not be a constant of ${dtype}`, span);
    }
    const data: TensorData = newTensorData(dtype, 1);
    data[0] = Number(value);
    return this.builder.constant(`${this.node.name}/constant`, dtype, [], data);
  }

  private attempt(expr: Expr, evaluateIt: () => Attr): Attr {
    return this.unfitting(expr.span, evaluateIt);
  }

  /** A problem inside of an expression is one of this node with this rule. */
  private unfitting<T>(span: Span, run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (error instanceof EvaluationError)
        throw new Unfit(this.candidate.op, error.message, error.span ?? span);
      if (error instanceof DiagnosticError) {
        throw new Unfit(this.candidate.op, error.diagnostics[0]!.message, error.diagnostics[0]!.span ?? span);
      }
      throw error;
    }
  }
}

function refs(ref: SourceRef | readonly SourceRef[]): readonly SourceRef[] {
  return 'node' in ref ? [ref] : ref;
}

function printDims({ pattern }: Binding): string {
  return `${pattern.name}[${(pattern.dims ?? []).map(printAxis).join(', ')}]`;
}
