/** `-- after NAME` and `-- unchanged after NAME`: what a rewrite or a pass does. */
import { removeDead } from '../passes/dead.js';
import { rewritesNamed, runPass, type PassState } from '../passes/pipeline.js';
import { explainRewrite } from '../passes/rewrite.js';
import { DiagnosticError, fail, type Diagnostic } from '../diagnostics/diagnostic.js';
import { parseGraphRange } from '../ir/parse.js';
import { printGraph, printId } from '../ir/print.js';
import type { RewriteRule } from '../lang/ast.js';
import type { ComputeBackend } from '../lang/backends.js';
import { verifyGraph } from '../ir/verify.js';
import { checkSameNumbers } from './check-numbers.js';
import { graphDifference } from './compare-graphs.js';
import { bodyLines, type Block } from './format.js';
import { caseProblem, fine, type Outcome, type ReadCase } from './outcome.js';

type After = Extract<Block, { kind: 'after' }>;
type Unchanged = Extract<Block, { kind: 'unchanged' }>;

/** Runs the pass; the graph must be the expected one, well-formed, and compute the same numbers as before. */
export async function checkAfter(block: After, read: ReadCase): Promise<Outcome> {
  const { pass, backend } = block;
  const { state, applied } = await runPass(rewritesOf(pass, block, read), read, read.rules, backend);
  const text = printGraph(state.graph, {
    provenance: false,
    weights: newScalars(state, read),
    inlineUpTo: 1,
  });
  const update = { block, text };
  const broken = verifyGraph(state.graph, read.rules);
  if (broken.length > 0) return { problems: broken.map((problem) => ({ ...problem, span: block.heading })) };
  const heading = block.heading;
  if (applied.length === 0) {
    const why = explain(rewritesOf(pass, block, read), read, backend);
    return { problems: [caseProblem('E851', heading, `${block.pass} does not apply`, why)], update };
  }
  const difference = expectedDifference(block, state, read);
  if (difference !== null) {
    const { message, problems } = difference;
    const why = `It is now\n${text}`;
    return {
      problems: problems ?? [caseProblem('E851', heading, `after ${block.pass}: ${message}`, why)],
      update,
    };
  }
  return { problems: await checkSameNumbers(read, state, block) };
}

/** How the graph differs from the expected one; a text that can't be read is a difference too. */
function expectedDifference(
  block: After,
  state: PassState,
  read: ReadCase,
): { message: string; problems?: readonly Diagnostic[] } | null {
  try {
    const expected = parseGraphRange(block.body, read.rules);
    const message = graphDifference(expected.graph, state.graph, {
      knownNames: new Set(Object.values(read.graph.parameters).map(({ name }) => name)),
      literals: expected.weights,
      weights: state.weights,
    });
    return message === null ? null : { message };
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    return { message: error.message, problems: error.diagnostics };
  }
}

export function checkUnchanged(block: Unchanged, read: ReadCase): Promise<Outcome> {
  const { pass, backend } = block;
  return runPass(rewritesOf(pass, block, read), read, read.rules, backend).then(({ state, applied }) => {
    const first = applied[0];
    if (first !== undefined) {
      const why = `It is now\n${printGraph(removeDead(state.graph), { provenance: false })}`;
      return {
        problems: [
          caseProblem('E851', block.heading, `${first.rewrite} applies at ${printId(first.node)}`, why),
        ],
      };
    }
    const why = explain(rewritesOf(pass, block, read), read, backend);
    const problems = bodyLines(block.body)
      .filter(({ text }) => !why.includes(text))
      .map(({ text, span }) => caseProblem('E851', span, `this is not why: ${text}`, why));
    return problems.length === 0 ? fine : { problems };
  });
}

/** Why rewrites don't apply, node by node where the root's op fits. */
function explain(
  rewrites: readonly RewriteRule[],
  { graph, weights, rules }: ReadCase,
  backend: ComputeBackend | null,
): string {
  return rewrites
    .flatMap((rewrite) => {
      const { match } = rewrite;
      const roots = graph.nodes.filter(({ op }) => match.kind === 'node' && match.ops.includes(op));
      if (roots.length === 0) return [`${rewrite.name}: no node is one of its root's ops`];
      return roots.map(
        (node) =>
          `${rewrite.name} at ${printId(node.id)}: ${explainRewrite(rewrite, node, graph, { rules, weights, backend }) ?? 'it applies'}`,
      );
    })
    .join('\n');
}

/** @throws DiagnosticError if there is no rewrite and no pass of that name. */
export function rewritesOf(name: string, block: Block, { rules }: ReadCase): readonly RewriteRule[] {
  return (
    rewritesNamed(name, rules) ??
    fail({ code: 'E830', message: `there is no rewrite and no pass named ${name}`, span: block.heading })
  );
}

/** The data of parameters that the pass made; the case's own are made up and not worth printing. */
function newScalars({ weights }: PassState, read: ReadCase): PassState['weights'] {
  return { has: (name) => weights.has(name) && !read.weights.has(name), get: (name) => weights.get(name) };
}

/** `-- error CODE after NAME`: the pass itself fails. */
export async function errorOfPass(
  name: string,
  block: Block,
  read: ReadCase,
): Promise<DiagnosticError | null> {
  try {
    await runPass(rewritesOf(name, block, read), read, read.rules);
    return null;
  } catch (error) {
    if (error instanceof DiagnosticError) return error;
    throw error;
  }
}
