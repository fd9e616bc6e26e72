import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { formatDiagnostics } from '../../src/diagnostics/format.js';
import { codes } from '../../src/diagnostics/codes/lang.js';
import { buildRuleSet } from '../../src/lang/rule-set.js';

/** The folder is the verdict: files in `pass` have no problem, those in `fail` have the ones in the text beside them. */
const filesIn = (folder: string): string[] =>
  readdirSync(fileURLToPath(new URL(folder, import.meta.url))).filter((file) => file.endsWith('.rules'));

/** A file may hold several, after lines such as `// ---- file: second.rules`. */
function sourcesOf(folder: string, file: string): { file: string; text: string }[] {
  const text = readFileSync(new URL(`${folder}/${file}`, import.meta.url), 'utf8');
  const [first, ...others] = text.split(/^\/\/ ---- file: (.*)\n/m);
  const sources = first!.trim() === '' ? [] : [{ file, text: first! }];
  for (let i = 0; i < others.length; i += 2) sources.push({ file: others[i]!, text: others[i + 1]! });
  return sources;
}

function problemsOf(folder: string, file: string): string {
  const sources = sourcesOf(folder, file);
  const helpers = sources.filter((source) => source.file.endsWith('.helpers.ts'));
  const rules = sources.filter((source) => !helpers.includes(source));
  const { diagnostics } = buildRuleSet(rules, helpers);
  const texts = new Map(sources.map((source) => [source.file, source.text]));
  return formatDiagnostics(diagnostics, texts, { colour: false });
}

describe('pass', () => {
  it.each(filesIn('pass'))('%s', (file) => {
    expect(problemsOf('pass', file)).toBe('');
  });
});

describe('fail', () => {
  it.each(filesIn('fail'))('%s', async (file) => {
    const problems = problemsOf('fail', file);
    expect(problems).not.toBe('');
    await expect(problems).toMatchFileSnapshot(`fail/${file.replace('.rules', '.txt')}`);
  });

  it('there is an example of every code but the one about the command line', () => {
    const all = filesIn('fail')
      .map((file) => problemsOf('fail', file))
      .join('\n');
    const missing = Object.keys(codes).filter((code) => !all.includes(`[${code}]`));
    expect(missing).toEqual(['E135']);
  });
});
