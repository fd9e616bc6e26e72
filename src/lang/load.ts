/** Finding and reading rule files: the core's, and the user's. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import picomatch from 'picomatch';
import { DiagnosticError, fail, type Diagnostic } from '../diagnostics/diagnostic.js';
import type { RuleSet, SourceText } from './ast.js';
import { projectFile } from './project-file.js';
import { cachedSteps } from './rule-cache.js';
import { buildRuleSet } from './rule-set.js';

/** Where the core's rules are. */
export function coreRulesDirectory(): string {
  return projectFile('rules');
}

/**
 * The core's rules and those of some more files.
 *
 * @param extra Files, directories and glob patterns, relative to the working directory.
 * @throws DiagnosticError with every problem of every file.
 */
export function loadRules(extra: readonly string[]): RuleSet {
  const { rules, diagnostics } = readRules(extra);
  if (diagnostics.some((diagnostic) => diagnostic.severity === 'error'))
    throw new DiagnosticError(diagnostics);
  return rules;
}

export interface CheckedRules {
  readonly rules: RuleSet;
  /** The files that are not the core's. */
  readonly own: readonly SourceText[];
  readonly diagnostics: readonly Diagnostic[];
}

/** All problems of the core's rules and of some more files, and what was read. */
export function checkRules(extra: readonly string[]): CheckedRules {
  const { rules, diagnostics } = readRules(extra);
  const coreFiles = filesUnder(coreRulesDirectory()).length;
  return { rules, own: rules.files.slice(coreFiles), diagnostics };
}

function readRules(extra: readonly string[]): ReturnType<typeof buildRuleSet> {
  const { sources, helpers } = readRuleFiles(extra);
  return buildRuleSet(sources, helpers, cachedSteps);
}

/** The texts of the core's rule files, then of the user's, and of the helper files beside them. */
export function readRuleFiles(extra: readonly string[]): { sources: SourceText[]; helpers: SourceText[] } {
  const core = coreRulesDirectory();
  const files = filesUnder(core).map((path) => ({ path, name: `rules/${slashes(relative(core, path))}` }));
  const known = new Set(files.map((file) => file.path));
  for (const path of extra.flatMap(findRuleFiles)) {
    if (known.has(path)) continue;
    known.add(path);
    files.push({ path, name: slashes(relative(process.cwd(), path)) });
  }
  return {
    sources: files.map(({ path, name }) => ({ file: name, text: readFileSync(path, 'utf8') })),
    helpers: files.flatMap(({ path, name }) => {
      const beside = helpersOf(path);
      return existsSync(beside) ? [{ file: helpersOf(name), text: readFileSync(beside, 'utf8') }] : [];
    }),
  };
}

/** The text of a rule file or helper file by the name that messages show, wherever the working directory is. */
export function ruleFileText(name: string): string | undefined {
  const inCore = name.startsWith('rules/') ? join(coreRulesDirectory(), name.slice('rules/'.length)) : name;
  const path = [inCore, name].find((candidate) => existsSync(candidate));
  return path === undefined ? undefined : readFileSync(path, 'utf8');
}

function helpersOf(rulesFile: string): string {
  return rulesFile.replace(/\.rules$/, '.helpers.ts');
}

/** The rule files that a path or pattern names. */
function findRuleFiles(pattern: string): string[] {
  const path = resolve(pattern);
  if (existsSync(path)) return statSync(path).isDirectory() ? filesUnder(path) : [path];
  const { base, glob } = picomatch.scan(pattern);
  const root = resolve(base);
  const matches = picomatch(glob === '' ? '**/*.rules' : glob);
  const found = existsSync(root)
    ? filesUnder(root).filter((file) => matches(slashes(relative(root, file))))
    : [];
  if (found.length > 0) return found;
  fail({
    code: 'E135',
    message: `no rule file is named \`${pattern}\``,
    why: `Rule files end in \`.rules\`; the pattern was looked for in ${root}.`,
    help: 'Give a file, a directory, or a pattern in quotes, such as `--rules "my-rules/**/*.rules"`.',
  });
}

/** All rule files in a directory and below it, sorted by path. */
function filesUnder(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.rules') && !file.split(sep).includes('node_modules'))
    .sort()
    .map((file) => join(directory, file));
}

function slashes(path: string): string {
  return path.split(sep).join('/');
}
