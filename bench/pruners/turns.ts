/** Two processes that take turns at the same work, so that what the machine does besides hits both. */
import { startWorker, type Side, type Worker } from '../worker.js';

/** Wall-clock and processor time, in milliseconds. */
export type Clocks = readonly [wall: number, processor: number];

/** How long the parts of one repetition took. */
export type Turn = Readonly<Record<string, Clocks>>;

interface BeforeAfter {
  readonly before: number;
  readonly after: number;
}

/** What a side has made of the model, by its own count. */
export interface Result {
  readonly macs: BeforeAfter;
  readonly params: BeforeAfter;
}

export interface Turns {
  readonly results: readonly [Result, Result];
  readonly turns: readonly (readonly [Turn, Turn])[];
}

/** Parts that are measured for themselves, and are done again in another part. */
const contained = (part: string): boolean => part.startsWith('of which');

/** What all parts took together. */
export const total = (turn: Turn, clock: 0 | 1): number =>
  Object.entries(turn).reduce((sum, [part, took]) => (contained(part) ? sum : sum + took[clock]), 0);

/** Slow work is repeated less often, and at least three times. */
const usual = {
  warmUpMilliseconds: 8000,
  turnMilliseconds: 4000,
  fewest: 3,
  most: 11,
  milliseconds: 60_000,
};

export async function takeTurns(first: Side, second: Side, limits = usual): Promise<Turns> {
  // One after the other: neither starts while the other one works.
  const a = await startWarm(first, limits.warmUpMilliseconds);
  const b = await startWarm(second, limits.warmUpMilliseconds);
  try {
    const turns: (readonly [Turn, Turn])[] = [];
    const end = performance.now() + limits.milliseconds;
    while (turns.length < limits.fewest || (turns.length < limits.most && performance.now() < end)) {
      const ofFirst = await oneTurn(a, limits.turnMilliseconds);
      turns.push([ofFirst, await oneTurn(b, limits.turnMilliseconds)]);
    }
    return { results: [a.result, b.result], turns };
  } finally {
    await Promise.all([a.end(), b.end()]);
  }
}

/** The work has been done once for the result, and then for some seconds. */
async function startWarm(side: Side, milliseconds: number): Promise<Worker<Result, Turn>> {
  const end = performance.now() + milliseconds;
  const worker = await startWorker<Result, Turn>(side);
  while (performance.now() < end) await worker.turn();
  return worker;
}

/**
 * A turn lasts some seconds at least, and counts with the repetition in its middle: whoever has waited for the other side
 * for a minute finds nothing where it was, and is warm again after a few.
 */
async function oneTurn(worker: Worker<Result, Turn>, milliseconds: number): Promise<Turn> {
  const repetitions: Turn[] = [];
  const end = performance.now() + milliseconds;
  do repetitions.push(await worker.turn());
  while (performance.now() < end);
  repetitions.sort((one, other) => total(one, 0) - total(other, 0));
  return repetitions[repetitions.length >> 1]!;
}
