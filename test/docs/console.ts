/** Runs the commands that documentation shows, and compares what they print with what it says. */
import { spawnSync } from 'node:child_process';
import { expect } from 'vitest';
import { builtModule } from '../built.js';
import type { ShownCommand } from './markdown.js';

export interface Ran {
  readonly status: number | null;
  /** What it said, errors and warnings first. */
  readonly output: string;
}

/** Runs a command of the pages, `npx espalier …`, in a folder. */
export function runCommand(command: string, folder: string): Ran {
  const [npx, name, ...args] = words(command);
  if (npx !== 'npx' || name !== 'espalier')
    throw new Error(`documentation may show only npx espalier: ${command}`);
  const { status, stdout, stderr } = spawnSync(process.execPath, [builtModule('cli/main.js'), ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', CI: 'true' },
  });
  return { status, output: `${stderr}${stdout}`.trimEnd() };
}

/**
 * Expects a command to print what a page shows. A line `…` stands for any lines; sizes of rounding errors, such as
 * `2.4e-7`, depend on the machine and may be others, and so may lines of the core's rule files.
 */
export function expectShown(ran: Ran, { command, output }: ShownCommand): void {
  const shown = normal(output)
    .split('\n')
    .map((line) => (line.trim() === '…' ? '[^]*?' : escape(line)))
    .join('\n');
  const printed = normal(ran.output);
  if (!new RegExp(`^${shown}$`).test(printed)) expect(printed, `$ ${command}`).toBe(normal(output));
}

/** Without what differs between machines and with every change to the core's rules. */
function normal(text: string): string {
  return text
    .replace(/\b\d(\.\d)?e[-+]\d+ */g, '<rounding> ')
    .replace(/\brules\/\w+\.rules:\d+/g, 'rules/core.rules:1')
    .replace(/[ \t]+$/gm, '')
    .trim();
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Words of a shell command; single quotes keep blanks. */
function words(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|\S+/g)].map((match) => match[1] ?? match[0]);
}
