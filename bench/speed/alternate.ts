/** Compares how long two things take: they run in turns, so that what the machine does besides hits both. */

export interface Comparison {
  /** Medians, in milliseconds. */
  readonly first: number;
  readonly second: number;
  /** How many times faster the second is: the median over the turns, and the quartiles. */
  readonly ratio: number;
  readonly quartiles: readonly [number, number];
  readonly rounds: number;
}

const limits = { milliseconds: 1000, minRounds: 5, maxRounds: 100 };

/** The clock: processor time where one thread does the work, since that does not count what others do meanwhile. */
export type Clock = 'processor' | 'wall';

export type Work = () => void | Promise<void>;

export async function alternate(first: Work, second: Work, clock: Clock): Promise<Comparison> {
  // What is quick is run a few times first, until it is compiled and its memory is there; what makes a graph at its second
  // run, twice.
  const warm = performance.now() + limits.milliseconds / 5;
  for (let i = 0; i < 2 || performance.now() < warm; i++) {
    await first();
    await second();
  }
  const times: [number, number][] = [];
  const end = performance.now() + limits.milliseconds;
  while (times.length < limits.minRounds || (performance.now() < end && times.length < limits.maxRounds)) {
    // Whoever goes second finds the caches of the other: they swap.
    if (times.length % 2 === 0) {
      const a = await timed(first, clock);
      times.push([a, await timed(second, clock)]);
    } else {
      const b = await timed(second, clock);
      times.push([await timed(first, clock), b]);
    }
  }
  return compared(times);
}

/** What pairs of times say. */
export function compared(times: readonly (readonly [number, number])[]): Comparison {
  const ratios = times.map(([a, b]) => a / b);
  return {
    first: quantile(
      times.map(([a]) => a),
      0.5,
    ),
    second: quantile(
      times.map(([, b]) => b),
      0.5,
    ),
    ratio: quantile(ratios, 0.5),
    quartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
    rounds: times.length,
  };
}

/** How long work takes, in milliseconds. */
export async function timed(work: Work, clock: Clock): Promise<number> {
  if (clock === 'wall') {
    const start = performance.now();
    await work();
    return performance.now() - start;
  }
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

export function quantile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * fraction;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}
