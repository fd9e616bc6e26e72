import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatDiagnostics } from '../../src/diagnostics/format.js';
import { buildRuleSet } from '../../src/lang/rule-set.js';

const texts = ['axes', 'from', 'rewrites'].map(
  (name) => readFileSync(new URL(`pass/${name}.rules`, import.meta.url), 'utf8').split('// ---- file')[0]!,
);

/** A file with a piece taken out, or put in elsewhere: what it looks like while someone writes it. */
const brokenText = fc
  .record({
    text: fc.constantFrom(...texts),
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.integer({ min: 1, max: 40 }),
    to: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ text, from, length, to }) => {
    const start = Math.floor(from * text.length);
    const piece = text.slice(start, start + length);
    const without = text.slice(0, start) + text.slice(start + length);
    const at = Math.floor(to * without.length);
    return to < 0.5 ? without : without.slice(0, at) + piece + without.slice(at);
  });

it('whatever is wrong with a file ends in diagnostics with a place in it', () => {
  fc.assert(
    fc.property(brokenText, (text) => {
      const { diagnostics } = buildRuleSet([{ file: 'broken.rules', text }], []);
      for (const { span, message } of diagnostics) {
        expect(span!.start).toBeGreaterThanOrEqual(0);
        expect(span!.end).toBeLessThanOrEqual(text.length + 1);
        expect(span!.end).toBeGreaterThanOrEqual(span!.start);
        expect(message).not.toMatch(/undefined|\[object/);
      }
      formatDiagnostics(diagnostics, new Map([['broken.rules', text]]), { colour: false });
    }),
    { numRuns: 60 },
  );
});
