/** Two processes that take turns at the same work, so that what the machine does besides hits both. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

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

export interface Side {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** A process that does the work once whenever it is asked. */
interface Worker {
  readonly result: Result;
  turn(): Promise<Turn>;
  end(): Promise<void>;
}

async function startWorker({ command, args, env }: Side): Promise<Worker> {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`${command} ended with exit code ${await ended}`);
    return JSON.parse(line.value);
  };
  return {
    result: (await next()) as Result,
    turn: async () => {
      child.stdin.write('\n');
      return (await next()) as Turn;
    },
    end: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

export interface Turns {
  readonly results: readonly [Result, Result];
  readonly turns: readonly (readonly [Turn, Turn])[];
}

/** Slow work is repeated less often, and at least three times. */
const limits = { warmUp: 10, warmUpMilliseconds: 8000, fewest: 3, most: 21, milliseconds: 30_000 };

export async function takeTurns(first: Side, second: Side): Promise<Turns> {
  // One after the other: neither starts while the other one works.
  const a = await startWorker(first);
  const b = await startWorker(second);
  try {
    for (const side of [a, b]) {
      const end = performance.now() + limits.warmUpMilliseconds;
      for (let i = 0; i === 0 || (i < limits.warmUp && performance.now() < end); i++) await side.turn();
    }
    const turns: (readonly [Turn, Turn])[] = [];
    const end = performance.now() + limits.milliseconds;
    while (turns.length < limits.fewest || (turns.length < limits.most && performance.now() < end)) {
      const ofFirst = await a.turn();
      turns.push([ofFirst, await b.turn()]);
    }
    return { results: [a.result, b.result], turns };
  } finally {
    await Promise.all([a.end(), b.end()]);
  }
}
