import { describe, expect, it } from 'vitest';
import { grammar, grammarText } from '../../src/lang/grammar.js';

interface Example {
  readonly rule: string;
  readonly text: string;
  readonly matches: boolean;
}

/** The examples in the grammar's comments: they speak of the rule that follows them. */
function examples(source: string): Example[] {
  const found: Example[] = [];
  let waiting: Omit<Example, 'rule'>[] = [];
  for (const line of source.split('\n')) {
    const example = /^\s*\/\/([+-]) (.*)$/.exec(line);
    if (example) {
      const texts = JSON.parse(`[${example[2]!}]`) as string[];
      waiting.push(...texts.map((text) => ({ text, matches: example[1] === '+' })));
    } else if (!/^\s*(\/\/|$)/.test(line) && waiting.length > 0) {
      const rule = /^\s*([A-Za-z]\w*)/.exec(line)![1]!;
      found.push(...waiting.map((each) => ({ rule, ...each })));
      waiting = [];
    }
  }
  return found;
}

describe('the grammar', () => {
  const all = examples(grammarText());

  it.each(all.map(({ rule, text, matches }) => [rule, matches ? 'matches' : 'rejects', text] as const))(
    '%s %s %j',
    (rule, verdict, text) => {
      expect(grammar().match(text, rule).succeeded()).toBe(verdict === 'matches');
    },
  );

  it('has examples for every rule that has a form of its own', () => {
    const withExamples = new Set(all.map((example) => example.rule));
    const words = /^ {2}(\w+) = "\w+" [~&]/gm;
    const plain = new Set([...grammarText().matchAll(words)].map((match) => match[1]!));
    const declared = [...grammarText().matchAll(/^ {2}([A-Za-z]\w*)(?: \([^)]*\))?\s*(?:=|$)/gm)].map(
      (m) => m[1]!,
    );
    const without = declared.filter((rule) => !withExamples.has(rule) && !plain.has(rule));
    expect(without).toEqual([]);
  });
});
