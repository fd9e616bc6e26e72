/**
 * How many channels every space keeps. Whatever the target, channels go in a fixed order of steps, and the target
 * says only how many of these steps are taken: so a target is met to within one step, and the result is the same
 * every time.
 */
import type { Space } from '../axes/analysis.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { CostModel } from './cost.js';
import type { Scores } from './importance.js';
import { type PruneSettings, type Target, targetKinds } from './options.js';
import { compareNumbers } from './order.js';
import { pacesOf } from './pace.js';
import type { LeafSizes } from './polynomial.js';

/** Removes channels from one space, down to `kept`. */
interface Step {
  readonly space: number;
  readonly kept: number;
  /** Steps are taken in ascending order of this. */
  readonly order: number;
  /** Decides between steps of the same order: the importance of what goes, relative to its space's mean. */
  readonly importance: number;
}

/** Sizes by leaf, and what is to be said about how the target was met. */
export interface Plan {
  readonly sizes: LeafSizes;
  /** The fraction removed, of what the target counts. */
  readonly reached: number;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Chooses how many channels to keep in each of the given spaces.
 * @param comparable the scores can be compared between spaces as they are
 */
export function planSizes(
  spaces: readonly Space[],
  scores: Scores,
  comparable: boolean,
  target: Target,
  settings: SizeSettings,
  costs: CostModel,
): Plan {
  const ladders = spaces.map((space) => ladderOf(space.size, settings));
  const measure = measureOf(spaces, target, costs);
  const before = measure(new Map());
  const removed = (sizes: LeafSizes): number => (before === 0 ? 0 : 1 - measure(sizes) / before);

  if (target.kind === 'ratio') {
    // each space has its own quota, and takes the steps that it can afford
    const affords = ({ size }: Space, kept: number): boolean =>
      (size - kept) / size <= target.amount + tolerance;
    const sizes = new Map(
      spaces.map((space, i) => {
        const [first, ...smaller] = ladders[i]!;
        return [space.leaf, smaller.findLast((kept) => affords(space, kept)) ?? first!];
      }),
    );
    return { sizes, reached: removed(sizes), diagnostics: [] };
  }
  const importances = spaces.map((space) => sortedImportance(scores.get(space.leaf)!, comparable));
  const orderOf =
    target.kind === 'globalRatio' ? byImportance : byFraction(pacesFor(spaces, target, settings, costs));
  const steps = schedule(spaces, ladders, importances, orderOf);
  const after = (count: number): LeafSizes => sizesAfter(spaces, ladders, steps.slice(0, count));
  const most = removed(after(steps.length));
  if (most < target.amount - tolerance) {
    // A preference never stands in the way.
    if (settings.preferredMultiple > 1)
      return planSizes(spaces, scores, comparable, target, { ...settings, preferredMultiple: 1 }, costs);
    return { sizes: new Map(), reached: 0, diagnostics: [notPossible(target, most, settings)] };
  }
  const count = firstThat(steps.length, (n) => removed(after(n)) >= target.amount - tolerance);
  const sizes = after(count);
  return { sizes, reached: removed(sizes), diagnostics: [] };
}

type SizeSettings = Pick<PruneSettings, 'roundTo' | 'preferredMultiple' | 'minChannels' | 'macsPerElement'>;

/** With fewer multiples than this a space would be cut too coarsely: it takes those of half as many channels. */
const fewestMultiples = 2;

/** The sizes that a space goes through, descending. */
function ladderOf(
  size: number,
  { roundTo, preferredMultiple, minChannels }: SizeSettings,
): readonly number[] {
  let multiple = preferredMultiple;
  while (multiple > 1 && size < fewestMultiples * multiple) multiple = Math.floor(multiple / 2);
  if (multiple === 1) return allowedSizes(size, roundTo, minChannels);
  return [size, ...allowedSizes(size, multiple, minChannels).filter((kept) => kept < size)];
}

/** Fractions such as 0.29 × 100 are not exact in binary. */
const tolerance = 1e-9;

/**
 * The sizes that a space may have, descending: multiples of `roundTo` where the space is at least that large, at
 * least `minChannels` where it has that many. If none is allowed the space keeps its size.
 */
export function allowedSizes(size: number, roundTo: number, minChannels: number): readonly number[] {
  const unit = size >= roundTo ? roundTo : 1;
  const least = Math.max(1, Math.min(minChannels, size));
  const sizes: number[] = [];
  for (let kept = size - (size % unit); kept >= least; kept -= unit) sizes.push(kept);
  return sizes.length === 0 ? [size] : sizes;
}

/** Ascending, as channels go; divided by the mean unless comparable. What is not finite goes last. */
function sortedImportance(scores: Float64Array, comparable: boolean): Float64Array {
  const finite = scores.filter(Number.isFinite);
  const mean = finite.reduce((a, b) => a + b, 0) / finite.length;
  const unit = comparable || !(mean > 0) ? 1 : mean;
  return scores.map((score) => (Number.isFinite(score) ? score / unit : Infinity)).sort();
}

/** When a step is taken: by its space, the fraction of it that is gone then, and the importance of what goes. */
type Order = (space: number, gone: number, importance: number) => number;

const byImportance: Order = (_, __, importance) => importance;

const byFraction =
  (paces: readonly number[]): Order =>
  (space, gone) =>
    gone / paces[space]!;

/** Multiply-accumulates go where they take the most time; of anything else, all spaces lose the same fraction. */
function pacesFor(
  spaces: readonly Space[],
  target: Target,
  { macsPerElement }: SizeSettings,
  costs: CostModel,
): readonly number[] {
  if (target.kind !== 'flops' || macsPerElement === 0) return spaces.map(() => 1);
  return pacesOf(spaces, costs.slopes(), macsPerElement);
}

function schedule(
  spaces: readonly Space[],
  ladders: readonly (readonly number[])[],
  importances: readonly Float64Array[],
  orderOf: Order,
): Step[] {
  const steps = spaces.flatMap(({ size }, space) => {
    const ladder = ladders[space]!;
    return ladder.slice(1).map((kept, i): Step => {
      const importance = meanBetween(importances[space]!, size - ladder[i]!, size - kept);
      return { space, kept, order: orderOf(space, (size - kept) / size, importance), importance };
    });
  });
  // within a space both keys ascend, so that a prefix of the schedule never skips a size
  return steps.sort(
    (a, b) =>
      compareNumbers(a.order, b.order) ||
      compareNumbers(a.importance, b.importance) ||
      a.space - b.space ||
      b.kept - a.kept,
  );
}

function meanBetween(values: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[i]!;
  return sum / (to - from);
}

function sizesAfter(
  spaces: readonly Space[],
  ladders: readonly (readonly number[])[],
  steps: readonly Step[],
): LeafSizes {
  const sizes = new Map(spaces.map((space, i) => [space.leaf, ladders[i]![0]!]));
  for (const { space, kept } of steps) sizes.set(spaces[space]!.leaf, kept);
  return sizes;
}

/** What the target is a fraction of. */
function measureOf(spaces: readonly Space[], target: Target, costs: CostModel): (sizes: LeafSizes) => number {
  if (target.kind === 'flops') return costs.macs;
  if (target.kind === 'params') return costs.params;
  return (sizes) => spaces.reduce((sum, { leaf, size }) => sum + (sizes.get(leaf) ?? size), 0);
}

/** The smallest n for which the test holds, given that it holds for `last` and never stops holding. */
function firstThat(last: number, test: (n: number) => boolean): number {
  let low = 0;
  let high = last;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (test(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}

function notPossible(
  target: Target,
  most: number,
  settings: Pick<PruneSettings, 'roundTo' | 'minChannels'>,
): Diagnostic {
  const { flag, of } = targetKinds[target.kind];
  // cut, not rounded: the number shown must itself be possible
  const possible = Math.floor(most * 10000) / 10000;
  const limits = [
    settings.minChannels > 1 ? `--min-channels ${settings.minChannels}` : '',
    settings.roundTo > 1 ? `--round-to ${settings.roundTo}` : '',
  ].filter((text) => text !== '');
  return {
    code: 'E404',
    severity: 'error',
    message: `${flag} ${target.amount} can't be met: at most ${possible} of ${of} can be removed`,
    why:
      limits.length === 0
        ? 'Every space that can be pruned would already be down to one channel.'
        : `Every space that can be pruned would already be as small as ${limits.join(' and ')} allow.`,
    help: `Ask for ${flag} ${possible} or less, or free more spaces; \`espalier groups\` lists them with the reasons.`,
  };
}
