/** Type-checks an emitted module, as its users will: strict, with TensorFlow.js's own declarations. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ts as typescript } from 'ts-morph';
import { loadPackage } from '../files/packages.js';
import { tensorflowModules } from './backends.js';

export interface TypeError {
  readonly message: string;
  /** The function of the module that it is in, and which of its statements; null outside of functions. */
  readonly place: { readonly name: string; readonly statement: number } | null;
}

const { ts } = loadPackage('ts-morph');
const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));
const moduleFile = join(here, 'emitted-module.ts');
const platformFile = join(here, 'emitted-platform.d.ts');

/** What the module uses of the web platform. TypeScript's own declarations of it take a second to read. */
const platform = `
declare class URL { constructor(url: string | URL); }
declare class TextDecoder { decode(bytes: Uint8Array): string; }
declare interface Response {
  readonly ok: boolean;
  readonly status: number;
  readonly statusText: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}
declare function fetch(url: string | URL): Promise<Response>;
`;
/** Declarations that TensorFlow.js refers to and the module does not. */
const unused = /\/node_modules\/@(webgpu\/types|types\/offscreencanvas)\//;

/** Stricter than `strict`, so that the module fits into strict projects; unused names would be dead code. */
const options = (): typescript.CompilerOptions => ({
  strict: true,
  noUncheckedIndexedAccess: true,
  noUnusedLocals: true,
  noImplicitReturns: true,
  noEmit: true,
  skipLibCheck: true,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts'],
  types: [],
  // All of TensorFlow.js's packages give the same namespace; one of them is installed here.
  paths: Object.fromEntries([...tensorflowModules].map((name) => [name, [coreTypes()]])),
});

function coreTypes(): string {
  return join(dirname(require.resolve('@tensorflow/tfjs-core/package.json')), 'dist', 'index.d.ts');
}

/** Declarations parse once, however many modules are checked. */
const declarations = new Map<string, typescript.SourceFile>();
let lastProgram: typescript.Program | undefined;

/** What is wrong with a module's types. */
export function typeErrors(text: string): TypeError[] {
  const compilerOptions = options();
  const file = ts.createSourceFile(moduleFile, text, ts.ScriptTarget.ES2022, true);
  const host = ts.createCompilerHost(compilerOptions);
  // Comments say nothing of types.
  host.jsDocParsingMode = ts.JSDocParsingMode.ParseNone;
  const read = host.getSourceFile.bind(host);
  const libraries = join(dirname(require.resolve('typescript/package.json')), 'lib');
  host.getDefaultLibLocation = () => libraries;
  host.getDefaultLibFileName = () => join(libraries, 'lib.es2022.d.ts');
  const virtual = new Map([
    [moduleFile, file],
    [platformFile, ts.createSourceFile(platformFile, platform, ts.ScriptTarget.ES2022)],
  ]);
  host.fileExists = (name) => virtual.has(name) || ts.sys.fileExists(name);
  host.getSourceFile = (name, version) => {
    const given = virtual.get(name) ?? declarations.get(name);
    if (given !== undefined) return given;
    const declared = unused.test(name) ? ts.createSourceFile(name, '', version) : read(name, version);
    if (declared !== undefined) declarations.set(name, declared);
    return declared;
  };
  lastProgram = ts.createProgram([platformFile, moduleFile], compilerOptions, host, lastProgram);
  const problems = [
    ...lastProgram.getSyntacticDiagnostics(file),
    ...lastProgram.getSemanticDiagnostics(file),
  ];
  return problems.map(({ messageText, start }) => ({
    message: ts.flattenDiagnosticMessageText(messageText, '\n'),
    place: start === undefined ? null : placeOf(file, start),
  }));
}

function placeOf(file: typescript.SourceFile, position: number): TypeError['place'] {
  const contains = (node: typescript.Node): boolean => node.pos <= position && position < node.end;
  const declaration = file.statements.find(contains);
  if (declaration === undefined || !ts.isFunctionDeclaration(declaration)) return null;
  const statement = declaration.body?.statements.findIndex(contains) ?? -1;
  return statement < 0 ? null : { name: declaration.name!.text, statement };
}
