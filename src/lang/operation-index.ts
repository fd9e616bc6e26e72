import type { RuleSet } from './ast.js';

/** A type of node in some source, and the operation that a rule makes of it. */
export interface IndexEntry {
  readonly source: string;
  readonly type: string;
  readonly op: string;
  /** The first sentence of the operation's documentation. */
  readonly doc: string;
  /** The rule file. */
  readonly file: string;
}

/** Every type of node that the rules cover, sorted by source and type. */
export function operationIndex(rules: RuleSet): IndexEntry[] {
  const entries = new Map<string, IndexEntry>();
  for (const op of rules.ops.values()) {
    for (const from of op.froms) {
      for (const type of from.types) {
        const entry = {
          source: from.source,
          type,
          op: op.name,
          doc: firstSentence(op.doc),
          file: from.span.file,
        };
        entries.set(`${from.source} ${type} ${op.name}`, entry);
      }
    }
  }
  const text = ({ source, type, op }: IndexEntry): string => `${source} ${type} ${op}`;
  return [...entries.values()].sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

const firstSentence = (doc: string): string => /^.*?[.](?=\s|$)/s.exec(doc)?.[0].replaceAll('\n', ' ') ?? doc;
