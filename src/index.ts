/** Espalier as a library: what the command line does, for programs. */
export { compileModel, backends } from './compile/compile.js';
export type { Backend, CompileOptions, CompileResult } from './compile/compile.js';
export { verifyFolder } from './compile/verify-folder.js';
export { analyseModel, prepareModel } from './compile/prepare.js';
export type { ModelOptions, PreparedModel } from './compile/prepare.js';
export { Timings } from './compile/timings.js';
export { DiagnosticError } from './diagnostics/diagnostic.js';
export type { Diagnostic } from './diagnostics/diagnostic.js';
export { loadRules } from './lang/load.js';
export type { RuleSet } from './lang/ast.js';
export type { AxisAnalysis, Space } from './axes/analysis.js';
export type { Graph } from './ir/graph.js';
