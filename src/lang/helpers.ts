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
  return {
    helpers: new Map(
      [...helpers.values()].map(({ name, file, text }) => [
        name,
        { name, file, text, uses: names.filter((other) => other !== name && mentionsWord(text, other)) },
      ]),
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
  const tokens =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|[{[(]|[}\])]|;/g;
  tokens.lastIndex = at;
  for (let match = tokens.exec(text); match !== null; match = tokens.exec(text)) {
    const [token] = match;
    if ('{[('.includes(token)) depth++;
    else if ('}])'.includes(token)) depth--;
    const closes =
      token === ';' || (token === '}' && /^\s*?(\n|$)/.test(text.slice(match.index + 1, match.index + 3)));
    if (depth <= 0 && closes) return match.index + 1;
  }
  return text.length;
}

function mentionsWord(text: string, word: string): boolean {
  // Not as the name of a field, `x.word`, but spread, `...word`.
  return new RegExp(`(?<![\\w$]|(?<!\\.\\.)\\.)${word.replaceAll('$', '\\$')}(?![\\w$])`).test(text);
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
