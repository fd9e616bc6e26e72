/** A rule never travels alone: which ops, rewrites and passes of a rule file no case uses. */
import type { RuleSet, SourceText } from '../lang/ast.js';
import { lex, IrTextProblem } from '../ir/lex.js';
import type { Case } from './format.js';

export interface Uncovered {
  readonly kind: 'op' | 'rewrite' | 'pass';
  readonly name: string;
}

/** What a rule file declares and none of its cases uses. A pass covers its rewrites only together with a case of each. */
export function uncovered(file: SourceText, cases: readonly Case[], rules: RuleSet): Uncovered[] {
  const ops = new Set(cases.flatMap(opsUsed));
  const passes = new Set(
    cases.flatMap(({ blocks }) =>
      blocks.flatMap((block) => ('pass' in block && block.pass !== null ? [block.pass] : [])),
    ),
  );
  const declared = <T extends { name: string; span: { file: string } }>(
    map: ReadonlyMap<string, T>,
  ): string[] => [...map.values()].filter(({ span }) => span.file === file.file).map(({ name }) => name);
  return [
    ...declared(rules.ops)
      // What can't be compiled, and what always becomes other ops, can't stand in a graph.
      .filter((name) => !ops.has(name) && rules.ops.get(name)!.emits.length > 0)
      .map((name): Uncovered => ({ kind: 'op', name })),
    ...declared(rules.rewrites)
      .filter((name) => !passes.has(name))
      .map((name): Uncovered => ({ kind: 'rewrite', name })),
    ...declared(rules.passes)
      .filter((name) => !passes.has(name))
      .map((name): Uncovered => ({ kind: 'pass', name })),
  ];
}

/** Words before an opening bracket: ops, in the graph of the case and in the graphs that it expects. */
function opsUsed({ graph, blocks }: Case): string[] {
  const ranges = [graph, ...blocks.filter(({ kind }) => kind === 'after').map(({ body }) => body)];
  return ranges.flatMap((range) => {
    try {
      const tokens = lex(range);
      return tokens
        .filter((token, i) => token.kind === 'word' && tokens[i + 1]?.text === '(')
        .map(({ text }) => text);
    } catch (error) {
      // A case may expect a text that can't be read; it uses no op then.
      if (error instanceof IrTextProblem) return [];
      throw error;
    }
  });
}
