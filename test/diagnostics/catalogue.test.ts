import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe as suite, expect, it } from 'vitest';
import { allCodes, describe } from '../../src/diagnostics/catalogue.js';

const source = fileURLToPath(new URL('../../src', import.meta.url));

/** All TypeScript of the compiler but the catalogue itself. */
function sourceTexts(): string[] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('diagnostics/codes'))
    .map((file) => readFileSync(`${source}/${file}`, 'utf8'));
}

suite('the catalogue', () => {
  it('has every area', () => {
    const texts = readdirSync(`${source}/diagnostics/codes`).map((file) =>
      readFileSync(`${source}/diagnostics/codes/${file}`, 'utf8'),
    );
    const declared = texts.flatMap((text) =>
      [...text.matchAll(/^ {2}(E\d{3}): \{/gm)].map((match) => match[1]!),
    );
    expect(allCodes().map(([code]) => code)).toEqual(declared.sort());
  });

  it('explains every code once', () => {
    const codes = allCodes().map(([code]) => code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const [, { title, explanation }] of allCodes()) {
      expect(title).not.toMatch(/[.]$/);
      expect(explanation).toMatch(/[.)`:]$/);
    }
    expect(describe('E101')!.title).toBe('A declaration is not written as the grammar has it');
    expect(describe('E999')).toBeUndefined();
    expect(describe('toString')).toBeUndefined();
  });

  it('explains every code that is used, and only those', () => {
    const used = new Set(
      sourceTexts().flatMap((text) => [...text.matchAll(/'(E\d{3})'/g)].map((match) => match[1]!)),
    );
    const explained = allCodes().map(([code]) => code);
    expect(explained.filter((code) => !used.has(code))).toEqual([]);
    expect([...used].filter((code) => describe(code) === undefined)).toEqual([]);
  });
});
