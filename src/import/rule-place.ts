/** Where a clause stands, for the nodes that it makes. */
import type { Span } from '../diagnostics/diagnostic.js';
import type { RulePlace } from '../ir/graph.js';
import type { RuleSet } from '../lang/ast.js';

const places = new WeakMap<Span, RulePlace>();

/** The file and line of a span; counted once. */
export function rulePlace(span: Span, rules: RuleSet): RulePlace {
  const known = places.get(span);
  if (known !== undefined) return known;
  const text = rules.files.find(({ file }) => file === span.file)?.text ?? '';
  const place = { file: span.file, line: text.slice(0, span.start).split('\n').length };
  places.set(span, place);
  return place;
}
