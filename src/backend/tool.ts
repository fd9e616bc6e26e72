/** Other programs: found on the path, run without a shell, their output kept for messages. */
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

export interface ToolResult {
  /** Whether it ran and ended with 0. */
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called every now and then while the program runs. */
  readonly onTick?: () => void;
}

/** The most that is kept of a program's output; its end is what explains a failure. */
const keptOutput = 64 * 1024;

/** Runs a program to its end. That it can't be started is a result as well. */
export function runTool(
  command: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolResult> {
  return new Promise((settle) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    const ticks = options.onTick === undefined ? undefined : setInterval(options.onTick, 500);
    const stop = (): void => void child.kill();
    process.once('exit', stop);
    const end = (ok: boolean): void => {
      clearInterval(ticks);
      process.removeListener('exit', stop);
      settle({ ok, ...output });
    };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        output[stream] = (output[stream] + text).slice(-keptOutput);
      });
    }
    child.once('error', (error) => {
      output.stderr += error.message;
      end(false);
    });
    child.once('close', (code) => end(code === 0));
  });
}

/** The path of a program: itself where it is a path, else the first of that name in `PATH`; null if there is none. */
export function findProgram(name: string): string | null {
  const candidates = /[\\/]/.test(name)
    ? [isAbsolute(name) ? name : resolve(name)]
    : (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The last lines of a program's output, to show why it failed. */
export function lastLines({ stdout, stderr }: ToolResult, count = 8): string {
  const lines = (stderr.trim() === '' ? stdout : stderr).trim().split('\n');
  return lines.slice(-count).join('\n');
}
