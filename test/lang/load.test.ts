import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DiagnosticError, type Diagnostic } from '../../src/diagnostics/diagnostic.js';
import { checkRules, coreRulesDirectory, loadRules, ruleFileText } from '../../src/lang/load.js';
import { parseCached } from '../../src/lang/rule-cache.js';
import { parseFile } from '../../src/lang/parse.js';

const directory = mkdtempSync(join(tmpdir(), 'espalier-load-'));
const rule = (name: string): string =>
  `/// An op of a user.\nop ${name}(x) -> y {\n  axes x[a...] -> y[a...]\n  emit helper.${name}(x)\n}\n`;

beforeAll(() => {
  mkdirSync(join(directory, 'more'));
  writeFileSync(join(directory, 'first.rules'), rule('of_user_1'));
  writeFileSync(join(directory, 'first.helpers.ts'), 'export function of_user_1(): void {}\n');
  writeFileSync(join(directory, 'more/second.rules'), rule('of_user_2'));
  writeFileSync(join(directory, 'more/second.helpers.ts'), 'export function of_user_2(): void {}\n');
});

afterAll(() => rmSync(directory, { recursive: true }));

describe('loading rules', () => {
  it('the core has no problems', () => {
    expect(checkRules([]).diagnostics).toEqual([]);
  });

  it('the core comes first, its files by name', () => {
    const files = readdirSync(coreRulesDirectory()).filter((file) => file.endsWith('.rules'));
    expect(loadRules([]).files.map((source) => source.file)).toEqual(
      files.sort().map((file) => `rules/${file}`),
    );
  });

  it.each([
    ['a directory', directory],
    ['a pattern', join(directory, '**/*.rules')],
    ['two patterns that overlap', join(directory, '*.rules'), directory],
  ])('%s adds the files of a user and their helpers', (_, ...patterns) => {
    const rules = loadRules(patterns);
    expect(rules.ops.has('of_user_1') && rules.ops.has('of_user_2')).toBe(true);
    expect(rules.helpers.get('of_user_2')!.text).toBe('export function of_user_2(): void {}');
    expect(rules.files.filter((source) => source.file.endsWith('first.rules'))).toHaveLength(1);
  });

  it('a pattern that finds nothing is an error', () => {
    const load = (): unknown => loadRules([join(directory, 'none-*.rules')]);
    expect(load).toThrow(DiagnosticError);
    expect(load).toThrow('E135');
  });

  it('every problem of a user file is in one error', () => {
    const path = join(directory, 'wrong.txt');
    writeFileSync(path, '/// Wrong.\nop wrong(x) -> y { axes x[a] -> y[b] emit tf.f(z) }\n');
    expect(() => loadRules([path])).toThrow(/E122[^]*E115/);
  });
});

describe('the text of a rule file', () => {
  it('is found by the name that messages show', () => {
    const [core] = loadRules([]).files;
    expect(ruleFileText(core!.file)).toBe(core!.text);
    expect(ruleFileText(join(directory, 'first.rules'))).toBe(rule('of_user_1'));
    expect(ruleFileText('rules/none.rules')).toBeUndefined();
  });
});

describe('the cache', () => {
  const cache = join(directory, 'cache');
  const before = process.env.ESPALIER_CACHE;
  beforeEach(() => (process.env.ESPALIER_CACHE = cache));
  afterEach(() => {
    if (before === undefined) delete process.env.ESPALIER_CACHE;
    else process.env.ESPALIER_CACHE = before;
    rmSync(cache, { recursive: true });
  });

  it('gives what parsing gives, the second time without parsing', () => {
    const source = { file: 'a.rules', text: `${rule('cached')}op broken {` };
    const expected = JSON.parse(JSON.stringify(parseFile(source))) as unknown;
    expect(JSON.parse(JSON.stringify(parseCached(source)))).toEqual(expected);
    const [entry] = readdirSync(cache);
    expect(parseCached(source)).toEqual(expected);
    expect(readdirSync(cache)).toEqual([entry]);
    // An entry that is not readable is read again from the text.
    writeFileSync(join(cache, entry!), '{ "declarations": [');
    expect(JSON.parse(JSON.stringify(parseCached(source)))).toEqual(expected);
    parseCached({ ...source, file: 'b.rules' });
    expect(readdirSync(cache)).toHaveLength(2);
  });

  it('knows what the checks said', () => {
    const path = join(directory, 'wrong.rules');
    writeFileSync(path, '/// Wrong.\nop wrong(x) -> y { axes x[a] -> y[b] emit tf.f(z) }\n');
    const said = (): Diagnostic[] => [...checkRules([path]).diagnostics];
    const first = said();
    expect(first.map(({ code }) => code)).toEqual(['E122', 'E115']);
    expect(said()).toEqual(first);
    const entry = readdirSync(cache).find((file) => file.startsWith('checks-'))!;
    writeFileSync(join(cache, entry), '[]');
    expect(said()).toEqual([]);
    // Another text is another question.
    writeFileSync(path, '/// Wrong.\nop wrong(x) -> y { axes x[a] -> y[b] emit tf.f(w) }\n');
    expect(said().map(({ code }) => code)).toEqual(['E122', 'E115']);
  });
});
