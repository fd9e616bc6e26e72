/** TypeScript functions that an `emit` calls as `helper.NAME(…)`, from the `.helpers.ts` files beside rule files. */
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { Helper, SourceText } from './ast.js';

interface Declared extends Helper {
  readonly start: number;
  readonly end: number;
}

/** What can stand at the start of a line of a helper file and declares something. */
const declaration =
  /^(?:export\s+)?(?:(?:async\s+)?function\*?|const|interface|type|class)\s+([A-Za-z_$][\w$]*)/gm;

/** Comments, strings, and what opens, closes and ends. */
const tokens =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|[{[(]|[}\])]|;/g;

/** The declarations of all helper files by name; a later one of the same name is reported and left out. */
export function readHelpers(sources: readonly SourceText[]): {
  helpers: ReadonlyMap<string, Helper>;
  diagnostics: Diagnostic[];
} {
  const helpers = new Map<string, Declared>();
  const diagnostics: Diagnostic[] = [];
  for (const declared of sources.flatMap(declarationsOf)) {
    const first = helpers.get(declared.name);
    if (first === undefined) helpers.set(declared.name, declared);
    else diagnostics.push(duplicate(declared, first));
  }
  const names = [...helpers.keys()];
  const usesOf = ({ name, text }: Declared): readonly string[] => {
    const words = wordsOf(text);
    return names.filter((other) => other !== name && words.has(other));
  };
  return {
    helpers: new Map(
      [...helpers.values()].map((declared) => {
        const { name, file, text } = declared;
        return [name, { name, file, text, uses: usesOf(declared) }];
      }),
    ),
    diagnostics,
  };
}

/** Each declaration from its comment to the line that ends it, as a formatter leaves it. */
function declarationsOf(source: SourceText): Declared[] {
  return [...source.text.matchAll(declaration)].map((match) => {
    const start = commentStart(source.text, match.index);
    const end = declarationEnd(source.text, match.index);
    return { name: match[1]!, file: source.file, text: source.text.slice(start, end), uses: [], start, end };
  });
}

/** The start of the comment that ends directly before an offset. */
function commentStart(text: string, at: number): number {
  if (!/\*\/\s*$/.test(text.slice(0, at))) return at;
  const start = text.lastIndexOf('/**', at);
  return start === -1 || text.slice(start, at).indexOf('*/') + 2 < text.slice(start, at).trimEnd().length
    ? at
    : start;
}

/** The end of the first line from an offset on that closes what it opened: brackets are balanced, and `}` or `;` ends it. */
function declarationEnd(text: string, at: number): number {
  let depth = 0;
  for (const { 0: token, index } of text.slice(at).matchAll(tokens)) {
    if ('{[('.includes(token)) depth++;
    else if ('}])'.includes(token)) depth--;
    const closes =
      token === ';' || (token === '}' && /^\s*?(\n|$)/.test(text.slice(at + index + 1, at + index + 3)));
    if (depth <= 0 && closes) return at + index + 1;
  }
  return text.length;
}

/** The names that a declaration takes from outside, comments and strings left out; templates are code in part. */
function wordsOf(text: string): ReadonlySet<string> {
  const code = text.replace(tokens, (token) => (/^(?:\/[/*]|['"])/.test(token) ? ' ' : token));
  // Not the name of a field, `x.word`, but what is spread, `...word`.
  const words = new Set(code.match(/(?<![\w$]|(?<!\.\.)\.)[A-Za-z_$][\w$]*/g));
  for (const [local] of code.matchAll(/(?<=\b(?:const|let|function)\s+)[A-Za-z_$][\w$]*/g))
    words.delete(local);
  return words;
}

function duplicate(second: Declared, first: Declared): Diagnostic {
  const spanOf = ({
    file,
    start,
    end,
    name,
    text,
  }: Declared): { file: string; start: number; end: number } => {
    const at = start + text.search(new RegExp(`(?<=\\s)${name.replaceAll('$', '\\$')}`));
    return { file, start: at, end: Math.min(at + name.length, end) };
  };
  return {
    code: 'E134',
    severity: 'error',
    message: `a second helper is named \`${second.name}\``,
    span: spanOf(second),
    why: 'Helpers of all files share one set of names, since an emitted module may use any of them.',
    help: 'Rename one of the two.',
    notes: [{ message: 'the first is here', span: spanOf(first) }],
  };
}
