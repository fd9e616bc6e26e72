/** Where a rewrite stands, for the nodes that it builds. */
import type { RulePlace } from '../ir/graph.js';
import type { RewriteRule, RuleSet } from '../lang/ast.js';

const places = new WeakMap<RewriteRule, RulePlace>();

/** The file and line of a rewrite; found once. */
export function rulePlace(rewrite: RewriteRule, rules: RuleSet): RulePlace {
  const known = places.get(rewrite);
  if (known !== undefined) return known;
  const { file, start } = rewrite.span;
  const text = rules.files.find((source) => source.file === file)?.text ?? '';
  const place = { file, line: text.slice(0, start).split('\n').length };
  places.set(rewrite, place);
  return place;
}
