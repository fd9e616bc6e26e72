/** Everything that can be wrong when a source graph meets the rules, said so that it can be put right. */
import { DiagnosticError } from '../diagnostics/diagnostic.js';
import type { Diagnostic, Note } from '../diagnostics/diagnostic.js';
import type { TensorType, ValueId } from '../ir/graph.js';
import { printAttr, printType } from '../ir/print.js';
import type { Tail } from './tail.js';
import type { GraphBuilder, Unfit } from './graph-builder.js';
import type { Refusal } from './node-importer.js';
import type { Candidate } from './registry.js';
import { ruleSkeleton } from './skeleton.js';
import type { SkeletonOperand } from './skeleton.js';
import { batchInWords } from '../lang/values.js';
import type { SourceGraph, SourceNode, SourceRef } from './source-graph.js';

interface Problem {
  readonly node: SourceNode;
  readonly diagnostic: Omit<Diagnostic, 'severity' | 'where'>;
}

/** At most so many nodes with the same problem are named. */
const mostNamed = 3;

export class Problems {
  private readonly problems: Problem[] = [];

  constructor(
    private readonly source: SourceGraph,
    private readonly builder: GraphBuilder,
  ) {}

  /** No rule knows the node's type. */
  noRule(node: SourceNode, inputs: readonly (ValueId | undefined)[]): void {
    this.add(node, {
      code: 'E201',
      message: `no rule for the operation ${node.type}`,
      why: this.situation(node, inputs),
      help:
        'write a rule, for example in my.rules, and give it with --rules my.rules:\n\n' +
        ruleSkeleton(this.source.source, node, this.operands(node, inputs)),
    });
  }

  /** There are rules, and none takes the node. */
  noneFits(
    node: SourceNode,
    refusals: readonly { readonly candidate: Candidate; readonly refusal: Refusal }[],
    inputs: readonly (ValueId | undefined)[],
  ): void {
    const notes = refusals.map(({ candidate, refusal }): Note => ({
      message: `the rule ${candidate.op.name} is not for this node: ${refusal.reason}`,
      span: candidate.from.span,
    }));
    this.add(node, {
      code: 'E202',
      message: `there are rules for ${node.type}, and none of them fits this node`,
      why: this.situation(node, inputs),
      help: `add a \`from ${this.source.source} ${node.type}\` for this case to the rule, or an op of your own:\n\n${ruleSkeleton(this.source.source, node, this.operands(node, inputs))}`,
      notes,
    });
  }

  /** A rule takes the node, and then its axes or attributes do not work out. */
  unfit(
    node: SourceNode,
    candidate: Candidate,
    error: Unfit,
    inputs: readonly (ValueId | undefined)[],
  ): void {
    this.add(node, {
      code: 'E203',
      message: `${node.type} does not fit the rule ${error.rule.name}: ${error.message}`,
      span: error.span ?? candidate.from.span,
      why: this.situation(node, inputs),
      help: error.message.includes(batchInWords)
        ? this.fixTheBatch()
        : 'if the model runs in its own framework, the rule is wrong for this case: correct it, or override it in a rule file of your own',
      notes: [{ message: `${node.type} is read by this clause`, span: candidate.from.span }],
    });
  }

  private fixTheBatch(): string {
    const input = this.source.inputs.find(({ shape }) => shape.some((dim) => typeof dim !== 'number'));
    const shape = (input?.shape ?? []).map((dim) => (typeof dim === 'number' ? dim : dim.batch));
    return `compile the model for one batch size: --input ${input?.name ?? 'NAME'}=${shape.join(',')}`;
  }

  /** The source recorded another type than the rule infers. */
  wrongType(
    node: SourceNode,
    { op, from }: Candidate,
    output: number,
    recorded: TensorType,
    inferred: TensorType,
  ): void {
    this.add(node, {
      code: 'E204',
      message: `the rule ${op.name} makes output ${output} of ${node.type} ${printType(inferred)}, and it is ${printType(recorded)}`,
      span: from.span,
      why: 'the model recorded the types of its values when it was traced',
      help: 'correct the `axes`, `sizes` or `dtype` of the rule',
    });
  }

  /** A loop or a list that can't be taken apart. */
  structure(node: SourceNode, message: string, inputs: readonly (ValueId | undefined)[]): void {
    this.add(node, {
      code: 'E217',
      message: `${node.type} can not be unrolled: ${message}`,
      why: this.situation(node, inputs),
      help: 'loops and lists are compiled where their lengths are known: state the inputs’ shapes with --input, or compile the part of the model before them',
    });
  }

  noSuchOutput(reader: { readonly name: string } | null, ref: SourceRef): DiagnosticError {
    const type = this.source.nodes.find(({ name }) => name === ref.node)?.type ?? 'the node';
    return new DiagnosticError([
      {
        code: 'E207',
        severity: 'error',
        message: `the rule for ${type} gives no output ${ref.output}`,
        where: `node ${JSON.stringify(ref.node)}`,
        why:
          reader === null ? 'it is an output of the model' : `node ${JSON.stringify(reader.name)} reads it`,
        help: 'list all outputs in the `from`: `-> y, indices`',
      },
    ]);
  }

  onlyTail(tail: Tail): DiagnosticError {
    return new DiagnosticError([
      {
        code: 'E206',
        severity: 'error',
        message: 'nothing can be compiled: every output depends on the values of data, from the start',
        where: `node ${JSON.stringify(tail.node)}`,
        why: tail.why,
        help: 'compile the part of the model before it, or replace it by operations of fixed size',
      },
    ]);
  }

  /** One diagnostic for all nodes with the same problem; `needed` are the nodes that count. */
  diagnostics(needed: ReadonlySet<string>): Diagnostic[] {
    const groups = new Map<string, Problem[]>();
    for (const problem of this.problems) {
      if (!needed.has(problem.node.name)) continue;
      const { code, message } = problem.diagnostic;
      const key = JSON.stringify([code, message]);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [problem]);
      else group.push(problem);
    }
    return [...groups.values()].map(([first, ...others]) => ({
      ...first!.diagnostic,
      severity: 'error',
      where: `node ${JSON.stringify(first!.node.name)} of ${this.source.name}`,
      notes: [...(first!.diagnostic.notes ?? []), ...alsoAt(others)],
    }));
  }

  private add(node: SourceNode, diagnostic: Problem['diagnostic']): void {
    this.problems.push({ node, diagnostic });
  }

  /** The operands and attributes of a node, in words. */
  private situation(node: SourceNode, inputs: readonly (ValueId | undefined)[]): string {
    const operands = node.inputs.map((input, i) => {
      const id = inputs[i];
      const name = input.name === '' ? '' : `${input.name}: `;
      if (id === undefined) return `${name}(not known)`;
      return `${name}${printType(this.builder.typeOf(id))}${this.builder.known.isConstant(id) ? ' (constant)' : ''}`;
    });
    const attrs = Object.entries(node.attrs).map(([name, value]) => `${name} = ${printAttr(value)}`);
    return [
      operands.length === 0 ? 'it has no operands' : `its operands are ${operands.join(', ')}`,
      ...(attrs.length === 0 ? [] : [`its attributes are ${attrs.join(', ')}`]),
    ].join('\n');
  }

  private operands(node: SourceNode, inputs: readonly (ValueId | undefined)[]): SkeletonOperand[] {
    return node.inputs.map((input, i): SkeletonOperand => {
      const id = inputs[i];
      if (id === undefined) return { sourceName: input.name, rank: null, constant: false };
      const { shape } = this.builder.typeOf(id);
      return { sourceName: input.name, rank: shape.length, constant: this.builder.known.isConstant(id) };
    });
  }
}

function alsoAt(others: readonly Problem[]): Note[] {
  if (others.length === 0) return [];
  const named = others.slice(0, mostNamed).map(({ node }) => JSON.stringify(node.name));
  const more = others.length - named.length;
  return [{ message: `also at ${named.join(', ')}${more > 0 ? ` and ${more} more nodes` : ''}` }];
}
