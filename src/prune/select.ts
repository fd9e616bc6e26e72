/** Which spaces may be pruned, which channels go, and which modules are left alone. */
import picomatch from 'picomatch';
import type { AxisAnalysis, Space } from '../axes/analysis.js';
import type { Keep } from '../axes/indices.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { type Graph, type Node, operandValues } from '../ir/graph.js';
import type { Scores } from './importance.js';
import type { PruneSettings } from './options.js';
import { lastToGo } from './order.js';
import type { LeafSizes } from './polynomial.js';

/** The spaces that the options let pruning touch. A single channel can't go: it would leave its space empty. */
export function prunableSpaces(
  analysis: AxisAnalysis,
  settings: Pick<PruneSettings, 'allowMixes' | 'pruneKept'>,
): readonly Space[] {
  return analysis.spaces.filter(
    (space) =>
      space.size > 1 &&
      space.frozen.length === 0 &&
      (settings.pruneKept || space.keep.length === 0) &&
      (settings.allowMixes || space.mixes.length === 0),
  );
}

/** Keeps the most important channels of every space, as many as planned. Spaces that keep all are left out. */
export function selectChannels(spaces: readonly Space[], scores: Scores, sizes: LeafSizes): Keep {
  const keep = new Map<number, readonly number[]>();
  for (const { leaf, size } of spaces) {
    const count = sizes.get(leaf) ?? size;
    if (count < size) keep.set(leaf, lastToGo(scores.get(leaf)!, count));
  }
  return keep;
}

export interface ExcludeMatcher {
  /** Whether a pattern names this node, its module, or a parameter that it reads. */
  matches(node: Node): boolean;
  /** Warnings for patterns that no node of the graph matches. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Compiles `--exclude` patterns: globs over names of parameters, nodes and modules. A pattern that names a module
 * covers everything in it.
 */
export function excludeMatcher(patterns: readonly string[], graph: Graph): ExcludeMatcher {
  const tests = patterns.map((pattern) => {
    const test = picomatch(pattern, { dot: true });
    return (name: string): boolean => test(name);
  });
  const isNamedBy = (node: Node, test: (name: string) => boolean): boolean =>
    namesOf(node, graph).some((name) => withModules(name).some(test));
  const unused = patterns.filter((_, i) => !graph.nodes.some((node) => isNamedBy(node, tests[i]!)));
  return {
    matches: (node) => tests.some((test) => isNamedBy(node, test)),
    diagnostics: unused.map((pattern) => ({
      code: 'E411',
      severity: 'warning',
      message: `--exclude "${pattern}" matches nothing`,
      help: 'Patterns are globs over the names of parameters, nodes and modules; `espalier groups` shows them.',
    })),
  };
}

function namesOf(node: Node, graph: Graph): string[] {
  const parameters = operandValues(node).flatMap((value) => graph.parameters[value]?.name ?? []);
  return [node.source.name, node.scope, ...parameters].filter((name) => name !== '');
}

/** `a/b/c` lies in the modules `a/b` and `a`. */
function withModules(name: string): string[] {
  const parts = name.split('/');
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}
