/** Processes that work whenever they are asked, in words of JSON, a line each. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Side {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** A process that does the work once whenever it is asked. */
export interface Worker<Result, Turn> {
  /** What it says first. */
  readonly result: Result;
  turn(): Promise<Turn>;
  end(): Promise<void>;
}

export async function startWorker<Result, Turn>({ command, args, env }: Side): Promise<Worker<Result, Turn>> {
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
