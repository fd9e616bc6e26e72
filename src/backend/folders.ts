/** Folders that appear complete or not at all. */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fail } from '../diagnostics/diagnostic.js';

/** Where downloads are kept: `XDG_CACHE_HOME`, else `~/.cache`. */
export function defaultCacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'espalier');
}

/**
 * Lets `fill` write into a temporary folder beside `folder`, and gives it its name when it is complete.
 * An old one is replaced. Whatever goes wrong, an interruption included, nothing of the temporary folder stays.
 */
export async function writeFolder(folder: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  await inTemporaryFolder(dirname(folder), basename(folder), async (temporary) => {
    await fill(temporary);
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
  });
}

/** Runs something with a temporary folder in `parent`, which is removed afterwards. */
export async function inTemporaryFolder<T>(
  parent: string,
  name: string,
  use: (temporary: string) => Promise<T>,
): Promise<T> {
  const temporary = makeTemporaryFolder(parent, name);
  const remove = (): void => rmSync(temporary, { recursive: true, force: true });
  const interrupted = (): void => process.exit(130);
  process.once('exit', remove);
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    return await use(temporary);
  } finally {
    process.removeListener('exit', remove);
    process.removeListener('SIGINT', interrupted);
    process.removeListener('SIGTERM', interrupted);
    remove();
  }
}

function makeTemporaryFolder(parent: string, name: string): string {
  try {
    mkdirSync(parent, { recursive: true });
    return mkdtempSync(join(parent, `.${name}-`));
  } catch (error) {
    return fail({
      code: 'E916',
      message: `${parent} can't be written`,
      why: (error as Error).message,
      help: 'Look at its permissions, or choose another folder for downloads with --cache.',
    });
  }
}

/** @throws DiagnosticError where the disk of a folder has too little space. */
export function requireSpace(folder: string, bytes: number): void {
  mkdirSync(folder, { recursive: true });
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= bytes) return;
  fail({
    code: 'E916',
    message: `${folder} has too little space`,
    why: `${megabytes(bytes)} are needed, ${megabytes(bavail * bsize)} are free.`,
    help: 'Make space, or choose another folder for downloads with --cache.',
  });
}

/** Bytes in a folder; files that vanish meanwhile count nothing. */
export function sizeOfFolder(folder: string): number {
  let total = 0;
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    total += statSync(join(folder, entry), { throwIfNoEntry: false })?.size ?? 0;
  }
  return total;
}

export const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
