/** TypeScript expressions as small trees, and how they are laid out: on one line if they fit, else a part a line. */

export type Code =
  /** A name, a number, a string: never broken. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly Code[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: string, value: Code])[] }
  | { readonly kind: 'member'; readonly of: Code; readonly name: string | number }
  | {
      readonly kind: 'call';
      readonly callee: string;
      readonly typeArgument: string | null;
      readonly args: readonly Code[];
    }
  /** `of.map((name) => body)` */
  | { readonly kind: 'map'; readonly of: Code; readonly name: string; readonly body: Code }
  /** `tf.tidy(() => body)` */
  | { readonly kind: 'tidy'; readonly body: Code }
  /** A value with a name of its own, written in front of the statement if it is used more than once. */
  | { readonly kind: 'bound'; readonly name: string; readonly value: Code }
  /** An optional operand left out, `undefined`. */
  | { readonly kind: 'absent' };

export const lineWidth = 110;
const indentation = '  ';

export const text = (value: string): Code => ({ kind: 'text', text: value });
export const call = (callee: string, args: readonly Code[]): Code => ({
  kind: 'call',
  callee,
  typeArgument: null,
  args,
});

/** The parts of an expression; a bound value counts as a name. */
export function partsOf(code: Code): readonly Code[] {
  switch (code.kind) {
    case 'list':
      return code.items;
    case 'object':
      return code.entries.map(([, value]) => value);
    case 'member':
      return [code.of];
    case 'call':
      return code.args;
    case 'map':
      return [code.of, code.body];
    case 'tidy':
      return [code.body];
    case 'text':
    case 'bound':
    case 'absent':
      return [];
  }
}

/** The expression with other parts. */
export function mapParts(code: Code, change: (part: Code) => Code): Code {
  switch (code.kind) {
    case 'list':
      return { ...code, items: code.items.map(change) };
    case 'object':
      return { ...code, entries: code.entries.map(([key, value]) => [key, change(value)] as const) };
    case 'member':
      return { ...code, of: change(code.of) };
    case 'call':
      return { ...code, args: code.args.map(change) };
    case 'map':
      return { ...code, of: change(code.of), body: change(code.body) };
    case 'tidy':
      return { ...code, body: change(code.body) };
    case 'text':
    case 'bound':
    case 'absent':
      return code;
  }
}

/** A string literal; every character that is not plain ASCII is escaped. */
export function stringLiteral(value: string): string {
  const escaped = value.replace(/\\|'|[^ -~]/g, (char) =>
    char === '\\' || char === "'" ? `\\${char}` : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `'${escaped}'`;
}

/**
 * Lays out an expression.
 * @param indent how deep the statement is indented
 * @param before how many characters of its line are taken
 */
export function layOut(code: Code, indent: number, before: number): string {
  const line = oneLine(code);
  if (indent * indentation.length + before + line.length + 1 <= lineWidth) return line;
  const inner = indentation.repeat(indent + 1);
  const lines = (open: string, parts: readonly string[], close: string): string =>
    `${open}\n${parts.map((part) => `${inner}${part},\n`).join('')}${indentation.repeat(indent)}${close}`;
  switch (code.kind) {
    case 'list':
      return lines(
        '[',
        code.items.map((item) => layOut(item, indent + 1, 0)),
        ']',
      );
    case 'object':
      return lines(
        '{',
        code.entries.map((entry) => entryLines(entry, indent + 1)),
        '}',
      );
    case 'call': {
      const open = `${calleeText(code)}(`;
      const args = givenArguments(code.args);
      const hugged = hug(args, indent, before + open.length);
      if (hugged !== null) return `${open}${hugged})`;
      return lines(
        open,
        args.map((arg) => layOut(arg, indent + 1, 0)),
        ')',
      );
    }
    case 'member':
      return `${layOut(code.of, indent, before)}${memberText(code.name)}`;
    case 'map':
      return `${layOut(code.of, indent, before)}.map((${code.name}) => ${layOut(code.body, indent, 0)})`;
    case 'tidy':
      return lines('tf.tidy(() =>', [layOut(code.body, indent + 1, 0)], ')');
    case 'bound':
    case 'text':
    case 'absent':
      return line;
  }
}

/** A single object or list as argument keeps its bracket on the call's line: `f({` … `})`. */
function hug(args: readonly Code[], indent: number, before: number): string | null {
  const [only] = args;
  if (args.length !== 1 || (only!.kind !== 'object' && only!.kind !== 'list')) return null;
  return layOut(only!, indent, before);
}

export function oneLine(code: Code): string {
  switch (code.kind) {
    case 'text':
      return code.text;
    case 'absent':
      return 'undefined';
    case 'bound':
      return code.name;
    case 'list':
      return `[${code.items.map(oneLine).join(', ')}]`;
    case 'object':
      return code.entries.length === 0
        ? '{}'
        : `{ ${code.entries.map((entry) => entryText(entry, oneLine)).join(', ')} }`;
    case 'member':
      return `${oneLine(code.of)}${memberText(code.name)}`;
    case 'call':
      return `${calleeText(code)}(${givenArguments(code.args).map(oneLine).join(', ')})`;
    case 'map':
      return `${oneLine(code.of)}.map((${code.name}) => ${oneLine(code.body)})`;
    case 'tidy':
      return `tf.tidy(() => ${oneLine(code.body)})`;
  }
}

/** A key in an object literal; `__proto__` would set the prototype if it were not computed. */
export function propertyName(key: string): string {
  if (key === '__proto__') return `['__proto__']`;
  return isIdentifier(key) ? key : stringLiteral(key);
}

/** Whether a name can stand after a dot. */
export function isIdentifier(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name);
}

function entryText(
  [key, value]: readonly [string, Code],
  print: (value: Code, taken: number) => string,
): string {
  const name = propertyName(key);
  const printed = print(value, name.length + 2);
  return printed === name ? name : `${name}: ${printed}`;
}

/** An entry on lines of its own; a key that leaves no place for its value stands on the line before it. */
function entryLines(entry: readonly [string, Code], indent: number): string {
  const written = entryText(entry, (value, taken) => layOut(value, indent, taken));
  const fits = indent * indentation.length + written.length < lineWidth || entry[1].kind !== 'text';
  return fits ? written : written.replace(': ', `:\n${indentation.repeat(indent + 1)}`);
}

function calleeText(code: Extract<Code, { kind: 'call' }>): string {
  return code.typeArgument === null ? code.callee : `${code.callee}<${code.typeArgument}>`;
}

function memberText(name: string | number): string {
  return typeof name === 'number' ? `[${name}]!` : `.${name}`;
}

/** Optional arguments at the end that are left out are not written. */
function givenArguments(args: readonly Code[]): readonly Code[] {
  const last = args.findLastIndex((arg) => arg.kind !== 'absent');
  return args.slice(0, last + 1);
}
