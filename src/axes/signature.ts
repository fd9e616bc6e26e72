/** The terms of a node whose rule states a signature: instantiates it and unifies. */
import type { AxisExpr, OpRule, TensorPattern } from '../lang/ast.js';
import type { Node, ValueId } from '../ir/graph.js';
import { isOne } from '../ir/sizes.js';
import { operandList } from '../shapes/operands.js';
import type { RuleInfo } from '../shapes/rule-info.js';
import { align, type Solution } from '../shapes/solve.js';
import { find, type TermNode } from './terms.js';
import type { Unifier } from './unify.js';

/** A dimension of an operand of a node. */
export interface OperandDim {
  readonly operand: string;
  /** Which member of a variadic operand; else 0. */
  readonly index: number;
  readonly value: ValueId;
  readonly dim: number;
}

export interface SignatureTerms {
  /** One list of dimensions a result. */
  readonly results: readonly (readonly TermNode[])[];
  /** The terms of each axis: one for a single axis, several for rests and families. */
  readonly axes: ReadonlyMap<string, readonly TermNode[]>;
  /** Where each axis stands in the operands. */
  readonly places: ReadonlyMap<string, readonly OperandDim[]>;
}

/** Instantiates a rule's signature at a node and unifies its axes with the operands' terms. */
export function signatureTerms(
  node: Node,
  rule: OpRule,
  info: RuleInfo,
  solution: Solution,
  termsOf: (value: ValueId) => readonly TermNode[],
  unifier: Unifier,
): SignatureTerms {
  const instance = new Instance(solution, unifier);
  for (const pattern of info.signature!.operands) {
    operandList(node.operands[pattern.tensor]).forEach((value, index) => {
      instance.bindOperand(pattern, value, index, termsOf(value));
    });
  }
  const results = rule.results.flatMap((decl) => {
    const pattern = info.signature!.results.find((p) => p.tensor === decl.name)!;
    const count = decl.kind === 'one' ? 1 : node.results.length - (rule.results.length - 1);
    return Array.from({ length: count }, (_, member) => instance.result(pattern, member));
  });
  return { results, axes: instance.axes, places: instance.places };
}

class Instance {
  readonly axes = new Map<string, TermNode[]>();
  readonly places = new Map<string, OperandDim[]>();
  readonly #solution: Solution;
  readonly #unifier: Unifier;

  constructor(solution: Solution, unifier: Unifier) {
    this.#solution = solution;
    this.#unifier = unifier;
  }

  bindOperand(pattern: TensorPattern, value: ValueId, index: number, terms: readonly TermNode[]): void {
    const aligned = align(pattern, terms.length, (name) => this.#solution.rests.get(name)?.length)!;
    for (const { axis, start, count } of aligned) {
      const covered = terms.slice(start, start + count);
      this.#bind(axis, covered, index);
      for (let dim = start; dim < start + count; dim++) {
        for (const name of namesIn(axis)) {
          const places = this.places.get(name) ?? [];
          this.places.set(name, places);
          places.push({ operand: pattern.tensor, index, value, dim });
        }
      }
    }
  }

  #bind(axis: AxisExpr, terms: readonly TermNode[], member: number): void {
    switch (axis.kind) {
      case 'rest':
        this.#joinOrSet(axis.name, terms);
        return;
      case 'broadcast':
        for (const name of axis.names) this.#joinBroadcast(this.axes.get(name) ?? [], terms);
        return;
      case 'axis':
        this.#joinOrSet(axis.name, terms);
        return;
      case 'literal':
        this.#unifier.mark(terms[0]!, 'frozen', `its size is stated as ${axis.size}`);
        return;
      case 'each': {
        const family = this.#family(axis.name);
        this.#unifier.unify(terms[0]!, family[member]!);
        return;
      }
      case 'product':
      case 'sum':
      case 'sumOf':
        this.#unifier.unify(terms[0]!, this.#term(axis, member));
    }
  }

  #joinOrSet(name: string, terms: readonly TermNode[]): void {
    const known = this.axes.get(name);
    if (known === undefined) this.axes.set(name, [...terms]);
    else known.forEach((term, i) => this.#unifier.unify(terms[i]!, term));
  }

  #joinBroadcast(known: readonly TermNode[], terms: readonly TermNode[]): void {
    for (let i = 1; i <= Math.min(known.length, terms.length); i++) {
      const a = known[known.length - i]!;
      const b = terms[terms.length - i]!;
      if (!isOne(a.size) && !isOne(b.size)) this.#unifier.unify(a, b);
    }
  }

  #family(name: string): TermNode[] {
    const known = this.axes.get(name);
    if (known !== undefined) return known;
    const family = (this.#solution.families.get(name) ?? []).map((size) => this.#unifier.leaf(size!));
    this.axes.set(name, family);
    return family;
  }

  /** The term of a dimension pattern; axes not seen yet become new leaves. */
  #term(axis: AxisExpr, member: number): TermNode {
    switch (axis.kind) {
      case 'literal':
        return this.#unifier.frozenLeaf(axis.size, `its size is stated as ${axis.size}`);
      case 'axis': {
        const known = this.axes.get(axis.name);
        if (known !== undefined) return known[0]!;
        const leaf = this.#unifier.leaf(this.#solution.sizes.get(axis.name)!);
        this.axes.set(axis.name, [leaf]);
        return leaf;
      }
      case 'each':
        return this.#family(axis.name)[member]!;
      case 'sumOf':
        return this.#unifier.sum(this.#family(axis.name));
      case 'product':
        return this.#unifier.product(axis.factors.map((factor) => this.#term(factor, member)));
      case 'sum':
        return this.#unifier.sum(axis.terms.map((term) => this.#term(term, member)));
      case 'rest':
      case 'broadcast':
        throw new TypeError(`${axis.kind} is not one dimension`);
    }
  }

  result(pattern: TensorPattern, member: number): TermNode[] {
    return pattern.dims.flatMap((axis) => {
      if (axis.kind === 'rest') return this.axes.get(axis.name) ?? [];
      if (axis.kind === 'broadcast') return this.#broadcast(axis.names);
      return [this.#term(axis, member)];
    });
  }

  /** Rests aligned at the right: axes of size one couple nothing, the others are the same axis. */
  #broadcast(names: readonly string[]): TermNode[] {
    const lists = names.map((name) => this.axes.get(name) ?? []);
    const rank = Math.max(0, ...lists.map((list) => list.length));
    return Array.from({ length: rank }, (_, i) => {
      const present = lists.flatMap((list) => list[i - (rank - list.length)] ?? []);
      const [first, ...others] = present.filter((term) => !isOne(find(term).size));
      for (const other of others) this.#unifier.unify(other, first!);
      return first ?? present[0]!;
    });
  }
}

function namesIn(axis: AxisExpr): readonly string[] {
  switch (axis.kind) {
    case 'literal':
      return [];
    case 'broadcast':
      return [];
    case 'product':
      return axis.factors.flatMap(namesIn);
    case 'sum':
      return axis.terms.flatMap(namesIn);
    default:
      return [axis.name];
  }
}
