/** What every code means, for `espalier explain CODE`. */
import { codes as axes } from './codes/axes.js';
import { codes as backend } from './codes/backend.js';
import { codes as cli } from './codes/cli.js';
import { codes as emit } from './codes/emit.js';
import { codes as imports } from './codes/import.js';
import { codes as lang } from './codes/lang.js';
import { codes as passes } from './codes/passes.js';
import { codes as prune } from './codes/prune.js';
import { codes as supernet } from './codes/supernet.js';
import { codes as torch } from './codes/torch.js';
import { codes as trace } from './codes/trace.js';
import { codes as verify } from './codes/verify.js';
import { codes as weights } from './codes/weights.js';

export interface CodeDescription {
  readonly title: string;
  /** Markdown. */
  readonly explanation: string;
}

const areas: readonly Readonly<Record<string, CodeDescription>>[] = [
  lang,
  imports,
  trace,
  torch,
  axes,
  prune,
  supernet,
  emit,
  verify,
  weights,
  passes,
  cli,
  backend,
];

/** All codes, in order. */
export function allCodes(): [code: string, description: CodeDescription][] {
  return areas.flatMap((area) => Object.entries(area)).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The title and explanation of a code; undefined if there is no such code. */
export function describe(code: string): CodeDescription | undefined {
  return areas.find((area) => Object.hasOwn(area, code))?.[code];
}
