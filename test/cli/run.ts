/** Runs the command line in this process, and catches what it prints. */
import { vi } from 'vitest';
import { runCommandLine } from '../../src/cli/program.js';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function espalier(...args: string[]): Promise<Ran> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const catching = (stream: NodeJS.WriteStream, into: string[]): { mockRestore(): void } =>
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      into.push(String(text));
      return true;
    });
  const spies = [catching(process.stdout, stdout), catching(process.stderr, stderr)];
  try {
    const code = await runCommandLine(args);
    return { code, stdout: stdout.join(''), stderr: stderr.join('') };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
