/** Applies rewrites together until none applies, in time linear in the graph and the number of rewrites applied. */
import { DiagnosticError } from '../diagnostics/diagnostic.js';
import type { Graph, Node, ValueId, WeightStore } from '../ir/graph.js';
import { printId, printType } from '../ir/print.js';
import { mapOperands, sameType } from '../ir/types.js';
import type { RewriteRule, RuleSet } from '../lang/ast.js';
import type { ComputeBackend } from '../lang/backends.js';
import { buildReplacement, type Built } from './build-node.js';
import { matchPattern, patternDepth, type Matched, type MatchTrace, type NodePattern } from './match.js';
import { rulePlace } from './rule-place.js';
import { evaluateInRewrite, rewriteError } from './scope.js';
import { WorkGraph } from './work-graph.js';

export interface RewriteContext {
  readonly rules: RuleSet;
  readonly weights: WeightStore;
  /** What the graph will compute on; null or nothing where that is not known. */
  readonly backend?: ComputeBackend | null;
}

/** One application of a rewrite. */
export interface Applied {
  readonly rewrite: string;
  /** The root of the match; the node that replaces it keeps its name. */
  readonly node: string;
  /** The nodes that matched, the root first. */
  readonly matched: readonly Node[];
  readonly built: readonly Node[];
}

export interface Rewritten {
  readonly graph: Graph;
  readonly weights: WeightStore;
  readonly applied: readonly Applied[];
}

/**
 * Applies rewrites together to a fixpoint.
 * @throws DiagnosticError where a rewrite changes a type, builds what no rule accepts, or goes on without end.
 */
export function applyRewrites(
  graph: Graph,
  rewrites: readonly RewriteRule[],
  context: RewriteContext,
): Rewritten {
  const roots = new Set(rewrites.flatMap((rewrite) => rootPattern(rewrite).ops));
  if (!graph.nodes.some(({ op }) => roots.has(op))) return { graph, weights: context.weights, applied: [] };
  const run = new RewriteRun(new WorkGraph(graph, context.weights, context.rules, context.backend), rewrites);
  run.toFixpoint();
  if (run.applied.length === 0) return { graph, weights: context.weights, applied: [] };
  return { ...run.work.finish(), applied: run.applied };
}

/** Why a rewrite does not apply at a node: the reason that got furthest; null if it does apply. */
export function explainRewrite(
  rewrite: RewriteRule,
  node: Node,
  graph: Graph,
  context: RewriteContext,
): string | null {
  let furthest = -1;
  let why = '';
  const trace: MatchTrace = {
    note(progress, reason) {
      if (progress <= furthest) return;
      furthest = progress;
      why = reason();
    },
  };
  const work = new WorkGraph(graph, context.weights, context.rules, context.backend);
  return findMatch(rewrite, node, work, trace) === null ? why : null;
}

class RewriteRun {
  readonly applied: Applied[] = [];
  private readonly byRoot = new Map<string, RewriteRule[]>();
  private readonly depth: number;
  private readonly limit: number;
  private queue: string[] = [];
  private readonly queued = new Set<string>();

  constructor(
    readonly work: WorkGraph,
    private readonly rewrites: readonly RewriteRule[],
  ) {
    for (const rewrite of rewrites) {
      for (const op of new Set(rootPattern(rewrite).ops)) {
        this.byRoot.set(op, [...(this.byRoot.get(op) ?? []), rewrite]);
      }
    }
    this.depth = Math.max(0, ...rewrites.map(({ match }) => patternDepth(match)));
    this.limit = 10 * work.size + 100;
  }

  /** Sweeps until one finds nothing: what a change makes possible nearby is tried at once, the rest in the next sweep. */
  toFixpoint(): void {
    for (let before = -1; before !== this.applied.length;) {
      before = this.applied.length;
      for (const node of this.work.nodes()) this.enqueue(node.id);
      this.drain();
    }
  }

  private drain(): void {
    for (let at = 0; at < this.queue.length; at++) {
      const id = this.queue[at]!;
      this.queued.delete(id);
      this.tryAt(id);
    }
    this.queue = [];
  }

  private enqueue(id: string): void {
    const node = this.work.node(id);
    if (node === undefined || !this.byRoot.has(node.op) || this.queued.has(id)) return;
    this.queued.add(id);
    this.queue.push(id);
  }

  private tryAt(id: string): void {
    const node = this.work.node(id);
    if (node === undefined) return;
    for (const rewrite of this.byRoot.get(node.op) ?? []) {
      const matched = findMatch(rewrite, node, this.work);
      if (matched !== null) {
        this.apply(rewrite, matched);
        return;
      }
    }
  }

  private apply(rewrite: RewriteRule, matched: Matched): void {
    const { work } = this;
    const root = matched.nodes[0]!;
    const place = rulePlace(rewrite, work.rules);
    const built = ownNames(buildReplacement(rewrite, matched, work, place), root);
    checkTypes(rewrite, root, built, work);

    const last = built.nodes.find(({ node }) => node.id === root.id);
    for (const { node, types } of built.nodes)
      if (node !== last?.node) work.insertBefore(root.id, node, types);
    let released: ValueId[];
    if (last === undefined) {
      root.results.forEach((result, index) => {
        work.replaceValue(result, resultsOf(built.value)[index]!);
      });
      released = work.removeIfUnused(root.id);
    } else released = work.substitute(last.node);
    const unread: ValueId[] = [];
    for (const value of released) {
      const producer = work.producer(value);
      if (producer !== undefined) for (const value of work.removeIfUnused(producer.id)) unread.push(value);
    }
    for (const { node } of [...built.nodes].reverse()) if (node !== last?.node) work.removeIfUnused(node.id);

    this.applied.push({
      rewrite: rewrite.name,
      node: root.id,
      matched: matched.nodes,
      built: built.nodes.map(({ node }) => node),
    });
    if (this.applied.length > this.limit) throw this.endless();
    this.requeue(built, [...released, ...unread]);
  }

  /** What a change may have made possible: at the new nodes, at their readers, and where a value has one reader left. */
  private requeue(built: Built, released: readonly ValueId[]): void {
    for (const { node } of built.nodes) this.enqueue(node.id);
    const near = [
      ...resultsOf(built.value),
      ...built.nodes.flatMap(({ node }) => node.results),
      ...released.filter((value) => this.work.uses(value) === 1),
    ];
    let layer = new Set(near);
    for (let level = 0; level < this.depth; level++) {
      const users = new Set([...layer].flatMap((value) => this.work.users(value)));
      for (const user of users) this.enqueue(user);
      layer = new Set([...users].flatMap((user) => this.work.node(user)?.results ?? []));
    }
  }

  private endless(): DiagnosticError {
    const counts = new Map<string, number>();
    for (const { rewrite } of this.applied) counts.set(rewrite, (counts.get(rewrite) ?? 0) + 1);
    const [[worst]] = [...counts].sort((a, b) => b[1] - a[1]) as [[string, number]];
    const rewrite = this.rewrites.find(({ name }) => name === worst)!;
    const last = this.applied.at(-1)!;
    return new DiagnosticError([
      {
        code: 'E820',
        severity: 'error',
        message: `the rewrite ${worst} goes on without end`,
        span: rewrite.span,
        why: `Rewrites were applied ${String(this.applied.length)} times, lastly ${last.rewrite} at ${printId(last.node)}, and still match.`,
        help: 'What a rewrite builds must not match it, or another rewrite of its pass, again: add a condition with `where`.',
        notes: [...counts]
          .filter(([name]) => name !== worst)
          .map(([name, count]) => ({
            message: `${name} was applied ${String(count)} times`,
            span: this.rewrites.find((other) => other.name === name)!.span,
          })),
      },
    ]);
  }
}

/** The first way in which a rewrite matches at a node and its condition holds. */
function findMatch(rewrite: RewriteRule, node: Node, work: WorkGraph, trace?: MatchTrace): Matched | null {
  let found: Matched | null = null;
  const context = {
    work,
    evaluate: (expr: NonNullable<RewriteRule['where']>, bindings: Matched['bindings']) =>
      evaluateInRewrite(expr, rewrite, bindings, work),
    ...(trace === undefined ? {} : { trace }),
  };
  matchPattern(rootPattern(rewrite), node, context, (matched) => {
    if (!holds(rewrite, matched, work)) {
      trace?.note(Infinity, () => 'everything matches, but the condition after `where` does not hold');
      return false;
    }
    found = matched;
    return true;
  });
  return found;
}

function holds(rewrite: RewriteRule, matched: Matched, work: WorkGraph): boolean {
  if (rewrite.where === null) return true;
  const value = evaluateInRewrite(rewrite.where, rewrite, matched.bindings, work);
  if (typeof value === 'boolean') return value;
  throw rewriteError(
    rewrite,
    'E822',
    'the condition after `where` is neither true nor false',
    rewrite.where.span,
  );
}

/** The node that computes the root's only result takes the root's name, so that readers need no change. */
function ownNames(built: Built, root: Node): Built {
  const producer = built.nodes.find(({ node }) => node.id === built.value && node.results.length === 1);
  if (producer === undefined || root.results.length !== 1) return built;
  const swap = (id: ValueId): ValueId => (id === producer.node.id ? root.id : id);
  return {
    value: root.id,
    nodes: built.nodes.map(({ node, types }) => ({
      types,
      node:
        node === producer.node
          ? { ...node, id: root.id, results: [root.id] }
          : { ...node, operands: mapOperands(node.operands, swap) },
    })),
  };
}

function rootPattern(rewrite: RewriteRule): NodePattern {
  if (rewrite.match.kind === 'node') return rewrite.match;
  throw rewriteError(rewrite, 'E822', 'the left side must be an op');
}

function resultsOf(value: Built['value']): readonly ValueId[] {
  return value === null ? [] : typeof value === 'string' ? [value] : value;
}

/** A rewrite may not change what a value is. */
function checkTypes(rewrite: RewriteRule, root: Node, built: Built, work: WorkGraph): void {
  const values = resultsOf(built.value);
  if (values.length !== root.results.length) {
    throw rewriteError(
      rewrite,
      'E821',
      `${root.op} has ${String(root.results.length)} results, and the right side gives ${String(values.length)}`,
    );
  }
  const types = new Map(
    built.nodes.flatMap(({ node, types }) => node.results.map((id, i) => [id, types[i]!] as const)),
  );
  values.forEach((value, index) => {
    const before = work.type(root.results[index]!);
    const after = types.get(value) ?? work.type(value);
    if (!sameType(before, after)) {
      throw rewriteError(
        rewrite,
        'E821',
        `it turns ${printType(before)} into ${printType(after)} at ${printId(root.id)} (${root.op})`,
      );
    }
  });
}
