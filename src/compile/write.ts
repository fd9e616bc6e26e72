/** Writing results: all of them, or none. */
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../diagnostics/diagnostic.js';

/**
 * Writes files into a folder, which is made if need be. They are written beside their places first and then moved, so
 * that a failure leaves nothing half-written.
 * @returns the paths written
 * @throws DiagnosticError where the folder can't be written to.
 */
export async function writeOutputs(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<string[]> {
  let staging: string | null = null;
  try {
    await mkdir(folder, { recursive: true });
    staging = await mkdtemp(join(folder, '.espalier-'));
    for (const [name, content] of Object.entries(files)) await writeFile(join(staging, name), content);
    for (const name of Object.keys(files)) await rename(join(staging, name), join(folder, name));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    fail({
      code: 'E901',
      message: `the output folder ${folder} can't be written`,
      why: message,
      help: 'Give a folder that can be written with --out.',
    });
  } finally {
    if (staging !== null) await rm(staging, { recursive: true, force: true });
  }
  return Object.keys(files).map((name) => join(folder, name));
}
