import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { functions } from '../../src/lang/functions.js';
import { parseFile } from '../../src/lang/parse.js';
import { attrTypes } from '../../src/lang/check/literals.js';

const text = readFileSync(new URL('../../docs/language.md', import.meta.url), 'utf8');

/** The first cells of the rows of the table under a line. */
function firstCells(under: string): string[] {
  const table = text.slice(text.indexOf(under) + under.length).trimStart();
  const rows = table.split('\n\n')[0]!.split('\n').slice(2);
  return rows.map((row) => row.split(/(?<!\\)\|/)[1]!.trim());
}

describe('docs/language.md', () => {
  it('describes every function, and none that there is not', () => {
    const described = firstCells('\nFunctions:\n').flatMap((cell) =>
      [...cell.matchAll(/`(\w+)(?:\([^`]*\))?`/g)].map((match) => match[1]!),
    );
    expect([...new Set(described)].sort()).toEqual([...functions.keys()].sort());
  });

  it('names every attribute type', () => {
    const missing = attrTypes.filter(
      (type) => !new RegExp(`types: \`[^\`]*${type.replace('[]', '\\[\\]')}`).test(text),
    );
    expect(missing).toEqual([]);
  });

  it('has examples that parse', () => {
    const blocks = [...text.matchAll(/^```\n([^]*?)^```$/gm)].map((match) => match[1]!);
    expect(blocks.length).toBeGreaterThanOrEqual(2);
    for (const block of blocks) {
      expect(parseFile({ file: 'language.md', text: block }).diagnostics).toEqual([]);
    }
  });
});
