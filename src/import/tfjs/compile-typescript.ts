/** TypeScript modules as JavaScript in a temporary folder; see load-module.ts. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import type { SourceMapPayload } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ts as typescript } from 'ts-morph';
import { fail } from '../../diagnostics/diagnostic.js';
import { loadPackage } from '../../files/packages.js';
import { printPlace } from './places.js';
import type { Locate } from './places.js';

const { ts } = loadPackage('ts-morph');

export interface CompiledModule {
  /** The temporary folder with everything in it. */
  readonly folder: string;
  /** The compiled module. */
  readonly entry: string;
  readonly locate: Locate;
}

/** Compiles a TypeScript file, and those that it imports by relative paths. */
export async function compileTypeScript(file: string): Promise<CompiledModule> {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-'));
  const home = await linkPackages(folder, dirname(file));
  const outputs = new Map<string, string>();
  const maps = new Map<string, { readonly original: string; readonly map: SourceMap }>();
  const pending = [file];
  outputs.set(file, join(home, '0.mjs'));
  for (let original = pending.pop(); original !== undefined; original = pending.pop()) {
    const output = outputs.get(original)!;
    const { code, map } = compileFile(original, await readFile(original, 'utf8'), (target) => {
      if (!outputs.has(target)) {
        outputs.set(target, join(home, `${outputs.size}.mjs`));
        pending.push(target);
      }
      return outputs.get(target)!;
    });
    maps.set(output, { original, map });
    await writeFile(output, code);
  }
  return {
    folder,
    entry: outputs.get(file)!,
    locate: (place) => {
      const known = maps.get(place.file);
      if (known === undefined) return place;
      const entry = known.map.findEntry(place.line - 1, place.column - 1);
      if (!('originalLine' in entry)) return { ...place, file: known.original };
      return { file: known.original, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
    },
  };
}

/**
 * Makes packages resolve in the temporary folder as they do from `from`: for every node_modules above it there is a
 * link, the nearest one innermost. Gives the innermost folder.
 */
async function linkPackages(folder: string, from: string): Promise<string> {
  const found: string[] = [];
  for (let above = from; ; above = dirname(above)) {
    const packages = join(above, 'node_modules');
    if (existsSync(packages) && (await stat(packages)).isDirectory()) found.unshift(packages);
    if (above === dirname(above)) break;
  }
  let home = folder;
  for (const packages of found) {
    home = join(home, 'm');
    await mkdir(home);
    await symlink(packages, join(home, 'node_modules'), 'junction');
  }
  return home;
}

function compileFile(
  file: string,
  text: string,
  outputOf: (target: string) => string,
): { readonly code: string; readonly map: SourceMap } {
  const { outputText, sourceMapText, diagnostics } = ts.transpileModule(text, {
    fileName: file,
    reportDiagnostics: true,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ES2022,
      sourceMap: true,
    },
    transformers: { after: [rewriteReferences(file, outputOf)] },
  });
  const error = diagnostics?.find(({ category }) => category === ts.DiagnosticCategory.Error);
  if (error !== undefined) {
    const { line, character } = error.file!.getLineAndCharacterOfPosition(error.start ?? 0);
    fail({
      code: 'E259',
      message: `the module ${file} can't be compiled`,
      where: printPlace({ file, line: line + 1, column: character + 1 }),
      why: ts.flattenDiagnosticMessageText(error.messageText, '\n'),
      help: 'correct the syntax; types are not checked here',
    });
  }
  const map = new SourceMap(JSON.parse(sourceMapText!) as SourceMapPayload);
  return { code: outputText.replace(/\/\/# sourceMappingURL=.*\s*$/, ''), map };
}

/** Makes relative imports absolute, and `import.meta.url` the original's. */
function rewriteReferences(
  file: string,
  outputOf: (target: string) => string,
): typescript.TransformerFactory<typescript.SourceFile> {
  return (context) => {
    const { factory } = context;
    const rewritten = (specifier: typescript.Expression): typescript.Expression =>
      ts.isStringLiteral(specifier) && /^\.{1,2}(\/|$)/.test(specifier.text)
        ? factory.createStringLiteral(targetOf(file, specifier.text, outputOf))
        : specifier;
    const visit = (node: typescript.Node): typescript.Node => {
      if (ts.isImportDeclaration(node)) {
        const { modifiers, importClause, moduleSpecifier, attributes } = node;
        const specifier = rewritten(moduleSpecifier);
        return factory.updateImportDeclaration(node, modifiers, importClause, specifier, attributes);
      }
      if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
        const { modifiers, isTypeOnly, exportClause, moduleSpecifier, attributes } = node;
        const specifier = rewritten(moduleSpecifier);
        return factory.updateExportDeclaration(
          node,
          modifiers,
          isTypeOnly,
          exportClause,
          specifier,
          attributes,
        );
      }
      if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
        const [specifier, ...rest] = node.arguments.map(
          (argument) => ts.visitNode(argument, visit) as typescript.Expression,
        );
        const args = specifier === undefined ? rest : [rewritten(specifier), ...rest];
        return factory.updateCallExpression(node, node.expression, undefined, args);
      }
      if (
        ts.isPropertyAccessExpression(node) &&
        ts.isMetaProperty(node.expression) &&
        node.name.text === 'url'
      ) {
        return factory.createStringLiteral(pathToFileURL(file).href);
      }
      return ts.visitEachChild(node, visit, context);
    };
    return (source) => ts.visitEachChild(source, visit, context);
  };
}

/** The URL of what a relative import names, with TypeScript's habit of naming the JavaScript that a file becomes. */
function targetOf(file: string, specifier: string, outputOf: (target: string) => string): string {
  const path = resolve(dirname(file), specifier);
  const sources: Readonly<Record<string, readonly string[]>> = {
    '.js': ['.ts'],
    '.mjs': ['.mts'],
    '.cjs': ['.cts'],
    '': ['.ts', '.mts', '.js', '.mjs'],
  };
  const extension = extname(path);
  const stem = path.slice(0, path.length - extension.length);
  const candidates = [
    path,
    ...(sources[extension] ?? []).map((source) => stem + source),
    join(path, 'index.ts'),
  ];
  const target = candidates.find((candidate) => extname(candidate) !== '' && existsSync(candidate)) ?? path;
  const compiled = ['.ts', '.mts', '.cts'].includes(extname(target)) && existsSync(target);
  return pathToFileURL(compiled ? outputOf(target) : target).href;
}
