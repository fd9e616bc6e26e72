/**
 * Runs every `.cases` file beside the rules. `UPDATE_CASES=1 npx vitest run test/rules` rewrites expectations that are
 * not so; read the difference before you commit it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bless } from '../../src/cases/bless.js';
import { uncovered } from '../../src/cases/coverage.js';
import { parseCases, type Case } from '../../src/cases/format.js';
import type { Outcome } from '../../src/cases/outcome.js';
import { runCase } from '../../src/cases/run.js';
import { formatDiagnostics } from '../../src/diagnostics/format.js';
import type { SourceText } from '../../src/lang/ast.js';
import { coreRulesDirectory, readRuleFiles } from '../../src/lang/load.js';
import { buildRuleSet } from '../../src/lang/rule-set.js';

const root = join(coreRulesDirectory(), '..');
const { sources, helpers } = readRuleFiles([]);
const { rules, diagnostics } = buildRuleSet(sources, helpers);
const updating = process.env['UPDATE_CASES'] === '1';

it('the rules have no problems', () => {
  const texts = new Map(sources.map(({ file, text }) => [file, text]));
  expect(formatDiagnostics(diagnostics, texts, { colour: false })).toBe('');
});

/** A file that only declares infix operators has nothing to show. */
const declaring = new Set(
  [
    ...rules.ops.values(),
    ...rules.rewrites.values(),
    ...rules.passes.values(),
    ...rules.pipelines.values(),
  ].map(({ span }) => span.file),
);

for (const ruleFile of rules.files.filter(({ file }) => declaring.has(file))) {
  const file = ruleFile.file.replace(/\.rules$/, '.cases');
  const path = join(root, file);

  describe(file, () => {
    it('stands beside its rule file', () => {
      expect(existsSync(path), `${file} is missing`).toBe(true);
    });
    if (!existsSync(path)) return;

    const source = { file, text: readFileSync(path, 'utf8') };
    const texts = new Map([...rules.files, source].map(({ file, text }) => [file, text]));
    const cases = casesOf(source);
    const outcomes: Outcome[] = [];

    it('has a case for everything that the rule file declares', () => {
      expect(uncovered(ruleFile, cases, rules).map(({ kind, name }) => `${kind} ${name}`)).toEqual([]);
    });

    it.each(cases.map((one) => [one.title, one] as const))('%s', async (_title, one) => {
      const found = await runCase(one, rules);
      outcomes.push(...found);
      const problems = found.flatMap((outcome) => outcome.problems);
      if (updating || problems.length === 0) return;
      expect.fail(`\n${formatDiagnostics(problems, texts, { colour: false })}`);
    });

    afterAll(() => {
      if (updating) writeFileSync(path, bless(source, outcomes));
    });
  });
}

/** A file that can't be read fails alone. */
function casesOf(source: SourceText): readonly Case[] {
  try {
    return parseCases(source);
  } catch (error) {
    it('can be read', () => {
      throw error;
    });
    return [];
  }
}
