import { createHash } from 'node:crypto';
import type { SourceText } from '../lang/ast.js';

/** SHA-256 of each text, by file name, hexadecimal. */
export function hashFiles(files: readonly SourceText[]): Record<string, string> {
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  return Object.fromEntries(files.map(({ file, text }) => [file, hash(text)]));
}
