/**
 * What decides the types of a statement, as text: the statement with types in place of names, and with one number in
 * place of all. Statements with the same text get the same verdict from the type checker, in whatever module they stand.
 */
import type { Node } from '../ir/graph.js';
import type { OpRule, RuleSet } from '../lang/ast.js';
import { mapParts, oneLine, text, type Code } from './code.js';
import { inForm, type Form } from './forms.js';
import type { Built } from './partial.js';
import { printEmit } from './print.js';
import type { EmitScope } from './scope.js';

export interface TypedStatement {
  readonly rule: OpRule;
  readonly node: Node;
  readonly scope: EmitScope;
  readonly form: Form;
  /** The operands, each written as its type. */
  readonly operands: Readonly<Record<string, Built<Code>>>;
  /** The types of the results, null for those that nothing reads. */
  readonly results: readonly (string | null)[];
  readonly returned: boolean;
  readonly helpers: RuleSet['helpers'];
}

export interface Typing {
  /** The text. */
  readonly key: string;
  /** The expression that the statement names or returns. */
  readonly value: Code;
}

/** A type in the place of a value that has it. */
export const typeAsValue = (type: string): Code => text(`<${type}>`);

/** Describes the typing of a statement. */
export function typingOf(statement: TypedStatement): Typing {
  const { rule, scope, form, operands, results, returned, helpers } = statement;
  const called = new Set<string>();
  let locals = 0;
  const { bindings, value } = printEmit(rule, scope, operands, {
    batch: () => typeAsValue('number'),
    number: (number) => text(String(number)),
    helper: (name) => {
      called.add(name);
      return name;
    },
    local: () => `local${locals++}`,
    inferable: undefined,
  });
  // TensorFlow.js has no types of single numbers, but a helper may have.
  const typed = (code: Code): Code => (called.size === 0 ? withoutNumbers(code) : code);
  const lines = [
    ...bindings.map((binding) => `const ${binding.name} = ${oneLine(typed(binding.value))}`),
    `${returned ? 'return' : 'const'} ${form.typing} ${results.map((type) => type ?? '-').join(', ')} = ` +
      oneLine(typed(inForm(value, form))),
    ...helperTexts(called, helpers),
  ];
  return { key: lines.join('\n'), value };
}

function withoutNumbers(code: Code): Code {
  if (code.kind === 'text') return /^-?\d/.test(code.text) ? text('0') : code;
  return mapParts(code, withoutNumbers);
}

/** The texts of helpers, and of those that they call. */
export function helperTexts(used: ReadonlySet<string>, helpers: RuleSet['helpers']): string[] {
  const all = new Set(used);
  // A set's loop reaches what is added on the way.
  for (const name of all) helpers.get(name)?.uses.forEach((other) => all.add(other));
  return [...all].map((name) => helpers.get(name)!.text.replace(/^export /gm, ''));
}
