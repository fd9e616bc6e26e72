/** Every case is also computed: a pass must not change the results, and what axes say must hold for the numbers. */
import type { AxisAnalysis, Space } from '../axes/analysis.js';
import { examplesAreIndependent } from '../axes/examples.js';
import type { Keep } from '../axes/indices.js';
import { inferAxes } from '../axes/infer.js';
import { resizeGraph } from '../axes/resize.js';
import type { Diagnostic, Span } from '../diagnostics/diagnostic.js';
import { runGraph } from '../emit/interpret.js';
import { loadBackend } from '../emit/tf.js';
import type { NamedTensor, NamedTensors } from '../import/source-graph.js';
import { verifyGraph } from '../ir/verify.js';
import type { PassState } from '../passes/pipeline.js';
import { maskGraph } from '../prune/mask.js';
import { random, type Random } from '../prune/random.js';
import { sliceWeights } from '../prune/slice.js';
import { zeroWeights } from '../prune/zero.js';
import { caseInputs, relativeDifference } from './data.js';
import type { Block } from './format.js';
import { caseProblem, type ReadCase } from './outcome.js';

/** The largest difference that is rounding, relative to the largest value of an output. */
export const tolerance = 1e-5;

/** Before a pass and after it, on the same inputs. */
export async function checkSameNumbers(
  read: ReadCase,
  after: PassState,
  block: Block,
): Promise<Diagnostic[]> {
  if (!isComputable(read)) return [];
  const inputs = caseInputs(read.graph, read.ranges);
  const before = await compute(read, inputs, read);
  return compareOutputs(
    before,
    await compute(after, inputs, read),
    block.heading,
    'the pass changes what is computed',
  );
}

/**
 * The network with half of every channel space removed, against the one with those channels masked, and against the one
 * with their weights set to zero. A mask stands where channels end; weights, where they begin: what is in between must
 * keep zeros, if its rules say so.
 */
export async function checkPruned(read: ReadCase, span: Span): Promise<Diagnostic[]> {
  if (!isComputable(read)) return [];
  const analysis = inferAxes(read.graph, read.rules);
  const free = analysis.spaces.filter(({ frozen, mixes }) => frozen.length === 0 && mixes.length === 0);
  const plain = free.filter(({ keep }) => keep.length === 0);
  const problems = await checkKeep(read, analysis, halve(plain), span);
  if (problems.length > 0 || plain.length === free.length) return problems;
  return checkKeep(read, analysis, halve(free), span);
}

async function checkKeep(
  read: ReadCase,
  analysis: AxisAnalysis,
  keep: Keep,
  span: Span,
): Promise<Diagnostic[]> {
  if (keep.size === 0) return [];
  const { graph, weights, rules, ranges } = read;
  const sliced = {
    graph: resizeGraph(graph, rules, analysis, keep),
    weights: sliceWeights(graph, weights, analysis, keep),
  };
  const broken = verifyGraph(sliced.graph, rules, sliced.weights);
  if (broken.length > 0) return broken.map((problem) => ({ ...problem, span: problem.span ?? span }));
  const inputs = caseInputs(graph, ranges);
  const pruned = await compute(sliced, inputs, read);
  const masked = await compute(maskGraph(graph, weights, rules, analysis, keep), inputs, read);
  const problems = compareOutputs(masked, pruned, span, 'the pruned network is not the masked one');
  if (problems.length > 0) return problems;
  const zeroed = zeroWeights(graph, weights, analysis, keep);
  return compareOutputs(
    await compute({ graph, weights: zeroed }, inputs, read),
    pruned,
    span,
    'the pruned network is not the one whose removed weights are zero',
    // Where a rule divides by a weight, zero is no weight that it can have.
  ).filter(({ code }) => code !== 'E853');
}

/** An example by itself, against what it is among others; where axes say that examples are independent. */
export async function checkExamples(read: ReadCase, span: Span): Promise<Diagnostic[]> {
  const { graph, rules, ranges } = read;
  if (!isComputable(read) || !examplesAreIndependent(graph, rules)) return [];
  const inputs = caseInputs(graph, ranges);
  const together = await compute(read, inputs, read);
  const alone = await compute(read, lastExample(inputs), read);
  return compareOutputs(
    lastExample(together),
    alone,
    span,
    'what is computed of an example depends on others',
  );
}

/** The last along the first axis. */
function lastExample(tensors: NamedTensors): NamedTensors {
  const last = ({ shape, data, dtype }: NamedTensor): NamedTensor => {
    const [examples, ...others] = shape as [number, ...number[]];
    return { dtype, shape: [1, ...others], data: data.slice(data.length - data.length / examples) };
  };
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, last(tensor)]));
}

/** For every space, which half of its channels stays; at least one. */
function halve(spaces: readonly Space[]): Keep {
  const keep = new Map<number, readonly number[]>();
  for (const { leaf, size, id } of spaces) {
    if (size < 2) continue;
    keep.set(leaf, sample(size, Math.ceil(size / 2), random('case', id)));
  }
  return keep;
}

function sample(size: number, count: number, next: Random): number[] {
  const ranked = Array.from({ length: size }, (_, index) => ({ index, rank: next() }));
  ranked.sort((a, b) => a.rank - b.rank);
  return ranked
    .slice(0, count)
    .map(({ index }) => index)
    .sort((a, b) => a - b);
}

/** Nodes that can't be compiled, or that only a later pass makes executable, have nothing to compute. */
export function isComputable({ graph, rules }: ReadCase): boolean {
  return graph.nodes.every(({ op }) => {
    const rule = rules.ops.get(op)!;
    return rule.dynamic === null && rule.emits.length > 0;
  });
}

async function compute(
  { graph, weights }: PassState,
  inputs: NamedTensors,
  { rules }: ReadCase,
): Promise<NamedTensors> {
  return runGraph(graph, weights, rules, inputs, await loadBackend('cpu'));
}

function compareOutputs(
  expected: NamedTensors,
  actual: NamedTensors,
  span: Span,
  message: string,
): Diagnostic[] {
  return Object.entries(expected).flatMap(([name, { data }]) => {
    const difference = relativeDifference(data, actual[name]!.data);
    if (difference === null) {
      return [
        caseProblem(
          'E853',
          span,
          `the output ${JSON.stringify(name)} is not finite`,
          'The made-up data leads to infinity or to no number, so that nothing can be compared.',
          'Say what the data is like: `param %v "v": float32[8] = random(0.5, 2)`; the same for an input.',
        ),
      ];
    }
    if (difference <= tolerance) return [];
    const size = difference.toExponential(2);
    return [
      caseProblem(
        'E854',
        span,
        message,
        `The output ${JSON.stringify(name)} differs by ${size} of its scale.`,
      ),
    ];
  });
}
