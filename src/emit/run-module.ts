/** Loads an emitted module into this process, to verify it: on a backend that runs here, whatever it was made for. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ts as typescript } from 'ts-morph';
import { loadPackage } from '../files/packages.js';
import { fail } from '../diagnostics/diagnostic.js';
import type { NamedTensor, NamedTensors } from '../import/source-graph.js';
import { tensorflowModules } from './backends.js';
import type { EmittedModule } from './module.js';
import { download, upload } from './transfer.js';
import { loadBackend, type RunnableBackend, type Tensor } from './tf.js';

/** An emitted model in memory. */
export interface LoadedModel {
  /** Runs the model; inputs and outputs go by the names of its signature. */
  predict(inputs: NamedTensors): Promise<NamedTensors>;
  /** Of a supernet: switches to a subnet, by the kept indices of each space, and to a set of normalisation parameters. */
  setSubnet(subnet: Readonly<Record<string, readonly number[]>>, index?: number): void;
  dispose(): void;
}

/** What an emitted module exports. */
export interface ModelExports {
  readonly signature: {
    readonly inputs: readonly { name: string }[];
    readonly outputs: readonly { name: string }[];
  };
  load(source: string | URL | ArrayBuffer): Promise<EmittedModel>;
}

/** A model that an emitted module has loaded. */
export interface EmittedModel {
  readonly weights: object;
  predict(inputs?: unknown): unknown;
  /** A supernet has these. */
  setSubnet?(subnet: object): void;
  switchSubnet?(subnet: object, index: number): void;
  dispose(): void;
}

const require = createRequire(import.meta.url);

/** Loads a module and its weights, and makes `backend` the current one. */
export async function loadEmitted(module: EmittedModule, backend: RunnableBackend): Promise<LoadedModel> {
  const tf = await loadBackend(backend);
  const { signature, load } = await importEmitted(module.modelTs);
  const model = await load(Uint8Array.from(module.weights).buffer);
  return {
    predict: async (inputs) => {
      const given = signature.inputs.map(({ name }): [string, Tensor] => [
        name,
        upload(tf, inputOf(inputs, name)),
      ]);
      const results: [string, Tensor][] = [];
      try {
        const [first] = given;
        const result = model.predict(given.length === 1 ? first![1] : Object.fromEntries(given));
        for (const { name } of signature.outputs) {
          results.push([
            name,
            signature.outputs.length === 1 ? (result as Tensor) : (result as Record<string, Tensor>)[name]!,
          ]);
        }
        const outputs: [string, NamedTensor][] = [];
        for (const [name, tensor] of results) outputs.push([name, await download(tensor)]);
        return Object.fromEntries(outputs);
      } finally {
        tf.dispose([...given, ...results].map(([, tensor]) => tensor));
      }
    },
    setSubnet: (subnet, index) => {
      if (index !== undefined && model.switchSubnet !== undefined) model.switchSubnet(subnet, index);
      else if (model.setSubnet !== undefined) model.setSubnet(subnet);
      else notASupernet();
    },
    dispose: () => model.dispose(),
  };
}

/** Imports an emitted module; its TensorFlow.js is the one of this process. */
export async function importEmitted(modelTs: string): Promise<ModelExports> {
  return importText(asJavaScript(modelTs));
}

function notASupernet(): never {
  return fail({
    code: 'E514',
    message: 'the emitted module has no subnets to switch between',
    help: 'Compile the model with --supernet.',
  });
}

function inputOf(inputs: NamedTensors, name: string): NamedTensor {
  if (Object.hasOwn(inputs, name)) return inputs[name]!;
  return fail({
    code: 'E509',
    message: `the input ${JSON.stringify(name)} is missing`,
    help: 'Give every input of the model’s signature.',
  });
}

/** The module as JavaScript whose TensorFlow.js is the one of this process. Nothing else may be imported. */
function asJavaScript(modelTs: string): string {
  const { ts } = loadPackage('ts-morph');
  const core = pathToFileURL(require.resolve('@tensorflow/tfjs-core')).href;
  const rewired: typescript.TransformerFactory<typescript.SourceFile> = (context) => (file) => {
    const { factory } = context;
    const statements = file.statements.map((statement) => {
      if (!ts.isImportDeclaration(statement)) return statement;
      const { modifiers, importClause, moduleSpecifier } = statement;
      const name = ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : '';
      if (!tensorflowModules.has(name)) return otherImport(name);
      const specifier = factory.createStringLiteral(core);
      return factory.updateImportDeclaration(statement, modifiers, importClause, specifier, undefined);
    });
    return factory.updateSourceFile(file, statements);
  };
  const { outputText } = ts.transpileModule(modelTs, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
    transformers: { before: [rewired] },
  });
  return outputText;
}
function otherImport(name: string): never {
  return fail({
    code: 'E513',
    message: `the emitted module imports ${JSON.stringify(name)}`,
    where: 'model.ts',
    why: 'An emitted module imports nothing but TensorFlow.js. This one has been changed, or is not one.',
    help: 'Compile the model again.',
  });
}

/** Imports a module from its text, by way of a temporary file. */
async function importText(javaScript: string): Promise<ModelExports> {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-'));
  try {
    const file = join(folder, 'model.mjs');
    await writeFile(file, javaScript);
    return (await import(pathToFileURL(file).href)) as ModelExports;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
