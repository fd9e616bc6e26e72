import type { Semantics } from 'ohm-js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { Build, Declaration, Expr, FromClause, SourceText } from './ast.js';
import { axisActions } from './axis-tree.js';
import { checkComments } from './comments.js';
import { declarationActions } from './declaration-tree.js';
import { expressionActions } from './expression-tree.js';
import { grammar } from './grammar.js';
import { rewriteActions } from './rewrite-tree.js';
import { splitDeclarations } from './split.js';
import { syntaxError } from './syntax-error.js';
import { withContext } from './tree-context.js';

export interface ParsedFile {
  readonly declarations: readonly Declaration[];
  readonly diagnostics: readonly Diagnostic[];
}

let semantics: Semantics | undefined;

function trees(): Semantics {
  return (semantics ??= grammar()
    .createSemantics()
    .addOperation<unknown>('tree', {
      ...declarationActions,
      ...axisActions,
      ...expressionActions,
      ...rewriteActions,
    }));
}

/** Reads a rule file. Every declaration is read on its own, so that all syntax errors of a file are found. */
export function parseFile(source: SourceText): ParsedFile {
  const declarations: Declaration[] = [];
  const diagnostics = checkComments(source);
  for (const chunk of splitDeclarations(source.text)) {
    const parsed = parseText<Declaration>(chunk.text, 'Declaration', source.file, chunk.start);
    diagnostics.push(...parsed.diagnostics);
    if (parsed.tree) declarations.push(parsed.tree);
  }
  return { declarations, diagnostics };
}

/** Reads an expression, such as an attribute's value in the text of the IR. */
export function parseExpression(
  text: string,
  file: string,
): { tree: Expr | null; diagnostics: Diagnostic[] } {
  return parseText<Expr>(text, 'Expr', file, 0);
}

/** Reads a `from` clause on its own. */
export function parseFrom(
  text: string,
  file: string,
): { tree: FromClause | null; diagnostics: Diagnostic[] } {
  // The tree of a clause adds it to an op.
  type AddTo = (op: { readonly froms: FromClause[] }) => unknown;
  const { tree, diagnostics } = parseText<AddTo>(text, 'From', file, 0);
  const froms: FromClause[] = [];
  tree?.({ froms });
  return { tree: froms[0] ?? null, diagnostics };
}

/** Reads the right side of a rewrite. */
export function parseBuild(text: string, file: string): { tree: Build | null; diagnostics: Diagnostic[] } {
  return parseText<Build>(text, 'Build', file, 0);
}

function parseText<T>(
  text: string,
  rule: string,
  file: string,
  offset: number,
): { tree: T | null; diagnostics: Diagnostic[] } {
  const match = grammar().match(text, rule);
  if (match.failed()) return { tree: null, diagnostics: [syntaxError(match, text, file, offset)] };
  const problems: Diagnostic[] = [];
  const tree = withContext({ file, offset, problems }, () => trees()(match)['tree']() as T);
  return { tree, diagnostics: problems };
}
