/**
 * Names for the emitted module, made from names in the model. Those are untrusted text: only letters and digits of them
 * ever reach the code, and every identifier is checked against the words that already mean something.
 */

/** Longer names are shortened to their last words: the end of a path says most. */
export const longestName = 40;

/** Words of the language, and globals that the emitted module uses or a reader expects to be themselves. */
const reserved: ReadonlySet<string> = new Set(
  `abstract any arguments as asserts async await bigint boolean break case catch class const constructor continue
  debugger declare default delete do else enum eval export extends false finally for from function get global globalThis
  if implements import in infer instanceof interface is keyof let module namespace never new null number object of
  override package private protected prototype public readonly require return satisfies set static string super switch
  symbol this throw true try type typeof undefined unique unknown using var void while with yield hasOwnProperty
  toString valueOf isPrototypeOf toLocaleString then
  Array ArrayBuffer BigInt Boolean DataView Date Error Float32Array Function Infinity Int32Array JSON Map Math NaN Number
  Object Promise Proxy Reflect RegExp Set String Symbol TextDecoder TypeError URL Uint8Array WeakMap WeakSet
  console document exports fetch isFinite isNaN parseFloat parseInt process self window`.split(/\s+/),
);

/**
 * The words of a name: runs of ASCII letters or digits, camel case taken apart. `expanded_conv_1/Conv2D` has the words
 * expanded, conv, 1, Conv2D; letters with accents lose them, other scripts have none.
 */
export function wordsOf(name: string): string[] {
  const ascii = name.normalize('NFKD').replace(/\p{M}/gu, '');
  return ascii
    .replace(/([a-z])(?=[A-Z])|([A-Z0-9])(?=[A-Z][a-z])/g, '$& ')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '');
}

/** `expandedConv1`; '' if the name has no word. A number in front moves to the end: `2/conv` is `conv2`. */
export function camelCase(name: string): string {
  const words = wordsOf(name);
  const first = words.findIndex((word) => /^[A-Za-z]/.test(word));
  if (first < 0) return '';
  const ordered = [...words.slice(first), ...words.slice(0, first)];
  while (ordered.length > 1 && ordered.join('').length > longestName) ordered.splice(0, 1);
  const text = ordered
    .map((word, i) => (i === 0 ? uncapitalised(word) : joined(word, ordered[i - 1]!)))
    .join('');
  const start = text.search(/[A-Za-z]/);
  return start < 0 ? '' : text.slice(start).slice(0, longestName);
}

export function pascalCase(name: string): string {
  return capitalised(camelCase(name));
}

export function capitalised(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/** `conv_3` and `conv3` are `conv`. */
export function withoutNumber(name: string): string {
  return name.replace(/[_-]?\d+$/, '');
}

function uncapitalised(word: string): string {
  return /^[A-Z0-9]+$/.test(word) ? word.toLowerCase() : word.slice(0, 1).toLowerCase() + word.slice(1);
}

/** Two numbers side by side would read as one. */
function joined(word: string, before: string): string {
  const digits = /^\d/.test(word) && /\d$/.test(before);
  return digits ? `_${word}` : capitalised(/^[A-Z]{2,}$/.test(word) ? word.toLowerCase() : word);
}

/** Gives out identifiers, each once. */
export class Names {
  private readonly taken: Set<string>;
  /** Where counting goes on for a name, so that a thousand equal names take linear time. */
  private readonly next = new Map<string, number>();

  constructor(
    taken: Iterable<string> = [],
    private readonly outer: Names | null = null,
  ) {
    this.taken = new Set(taken);
  }

  /** The name itself if it is free, else with a number; `fallback` if it is empty. */
  claim(name: string, fallback: string): string {
    const wanted = name === '' ? fallback : name;
    if (!this.has(wanted)) return this.take(wanted);
    const separator = /\d$/.test(wanted) ? '_' : '';
    let count = this.next.get(wanted) ?? 2;
    while (this.has(`${wanted}${separator}${count}`)) count++;
    this.next.set(wanted, count + 1);
    return this.take(`${wanted}${separator}${count}`);
  }

  has(name: string): boolean {
    return reserved.has(name) || this.taken.has(name) || (this.outer?.has(name) ?? false);
  }

  /** The same names taken, to go on from here more than once. */
  fork(): Names {
    return new Names(this.taken, this.outer);
  }

  private take(name: string): string {
    this.taken.add(name);
    return name;
  }
}
