/** Fenced blocks of Markdown pages, and the commands that they show. */

export interface FencedBlock {
  /** The first word after the fence. */
  readonly language: string;
  /** Words after it: `file=mine.rules`. */
  readonly options: Readonly<Record<string, string>>;
  readonly text: string;
  /** The line of the page on which the block begins, from 1. */
  readonly line: number;
}

export function fencedBlocks(markdown: string): FencedBlock[] {
  return [...markdown.matchAll(/^```([^\n]*)\n([^]*?)^```$/gm)].map((match) => {
    const [language = '', ...words] = match[1]!.trim().split(/\s+/);
    const options = words.map((word): [string, string] => {
      const at = word.indexOf('=');
      return at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
    });
    return {
      language,
      options: Object.fromEntries(options),
      text: match[2]!,
      line: markdown.slice(0, match.index).split('\n').length,
    };
  });
}

export interface ShownCommand {
  readonly command: string;
  /** What the page says that it prints. */
  readonly output: string;
}

/** The commands of a console block: lines that start with `$`, continued after a backslash, and what they print. */
export function shownCommands(text: string): ShownCommand[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [, command, output] = /^((?:[^\n]*\\\n)*[^\n]*)\n?([^]*)$/.exec(part)!;
      return { command: command!.replace(/\\\n\s*/g, ' ').trim(), output: output!.trimEnd() };
    });
}
