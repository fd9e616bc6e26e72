/**
 * The tutorial, run from top to bottom: blocks that name a file are added to it, commands are run on the files as they
 * are then, and after every block of rules the files must have no errors.
 */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { formatDiagnostics } from '../../src/diagnostics/format.js';
import type { SourceText } from '../../src/lang/ast.js';
import { readRuleFiles } from '../../src/lang/load.js';
import { cachedSteps } from '../../src/lang/rule-cache.js';
import { buildRuleSet } from '../../src/lang/rule-set.js';
import { expectShown, runCommand } from './console.js';
import { fencedBlocks, shownCommands, type FencedBlock } from './markdown.js';

const page = fileURLToPath(new URL('../../docs/writing-rules.md', import.meta.url));
const blocks = fencedBlocks(readFileSync(page, 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'espalier-tutorial-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const core = readRuleFiles([]);

/** Errors of the core's rules together with a file of the tutorial, and perhaps a fragment. */
function errorsOf(file: string, fragment: string): string {
  const own = readText(file);
  const sources: SourceText[] = [{ file, text: own + fragment }];
  const helpersFile = file.replace(/\.rules$/, '.helpers.ts');
  const helpers = existsSync(join(folder, helpersFile))
    ? [{ file: helpersFile, text: readText(helpersFile) }]
    : [];
  const { diagnostics } = buildRuleSet(
    [...core.sources, ...sources],
    [...core.helpers, ...helpers],
    cachedSteps,
  );
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  return formatDiagnostics(errors, new Map(sources.map(({ file: name, text }) => [name, text])), {
    colour: false,
  });
}

const readText = (file: string): string => {
  const path = join(folder, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

function run({ language, options, text }: FencedBlock, next: FencedBlock | undefined): void {
  const { file } = options;
  if (file !== undefined) appendFileSync(join(folder, file), text);
  if (language === 'console') {
    for (const shown of shownCommands(text)) {
      const ran = runCommand(shown.command, folder);
      expectShown(ran, shown);
      expect(ran.status).toBe(Number(options['exit'] ?? 0));
    }
  }
  // A helper that an op calls stands in the block after it.
  if (language === 'rules' && next?.language !== 'ts')
    expect(errorsOf(file ?? 'mine.rules', file === undefined ? text : '')).toBe('');
}

describe('docs/writing-rules.md', () => {
  it.each(blocks.map((block, i) => [`line ${block.line}: ${block.language}`, block, blocks[i + 1]] as const))(
    '%s',
    (_name, block, next) => run(block, next),
    120_000,
  );

  it('shows cases, rules, helpers and commands', () => {
    const count = (language: string): number => blocks.filter((block) => block.language === language).length;
    expect(Math.min(count('rules'), count('cases'), count('console'))).toBeGreaterThan(5);
    expect(
      blocks.filter(({ language }) => !['rules', 'cases', 'ts', 'js', 'console', 'text'].includes(language)),
    ).toEqual([]);
  });
});
