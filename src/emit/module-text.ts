/** Puts an emitted module together of declarations. */
import type { DType, Graph, Port, TensorType } from '../ir/graph.js';
import { moduleBackends, type BackendName } from './backends.js';
import type { PrintedFunction } from './body.js';
import { isIdentifier, layOut, propertyName, stringLiteral, text, type Code } from './code.js';
import { declarationText, type Declaration, type Typed } from './declarations.js';
import { weightsName } from './locals.js';
import {
  supernetDeclarations,
  supernetFunctions,
  supernetMethods,
  supernetProperties,
  type MaskVariable,
  type SupernetParts,
} from './supernet-text.js';
import { checkInputText, readBytesText, weightsReaderText } from './runtime.js';
import type { PackedWeights } from './stored-weights.js';
import { tensorTypeText } from './types.js';

/** What predictions go through. */
export interface Predictor {
  /** A class, one of the helpers. */
  readonly name: string;
  /** Whether it gets to see each weight. */
  readonly isNative: boolean;
  /** Bytes of the largest value of one example; null where batches are not computed in parts. */
  readonly largest: number | null;
}

export interface ModuleParts {
  readonly graph: Graph;
  readonly backend: BackendName;
  readonly trainable: boolean;
  readonly className: string;
  readonly predictor: Predictor | null;
  readonly constants: readonly { readonly name: string; readonly literal: string }[];
  /** Each function once, the model's own first. */
  readonly functions: readonly { readonly printed: PrintedFunction; readonly doc: string }[];
  /** The inputs that the model's function takes. */
  readonly rootInputs: readonly Port[];
  /** The object of all weights, and how they are stored. */
  readonly weights: {
    readonly code: Code;
    readonly dtypes: ReadonlySet<DType>;
    readonly packed: PackedWeights;
  };
  /** Texts of the helpers that are called. */
  readonly helpers: readonly string[];
  /** What a supernet has more; null for a plain model. */
  readonly supernet: {
    readonly spaces: SupernetParts['spaces'];
    readonly masks: readonly MaskVariable[];
    /** How many sets of normalisation parameters it has; null: they can't be switched. */
    readonly sets: number | null;
  } | null;
}

/** The text of a module. */
export function moduleText(parts: ModuleParts): string {
  return declarationText(declarationsOf(parts));
}

function declarationsOf(parts: ModuleParts): Declaration[] {
  const [main, ...others] = parts.functions;
  return [
    headerText(parts),
    ...imports(parts),
    ...parts.constants.map(({ name, literal }) => `const ${name} = ${literal};`),
    signatureText(parts.graph),
    ...portTypes(parts.graph),
    ...(parts.supernet === null ? [] : supernetDeclarations(parts.supernet.spaces, parts.supernet.masks)),
    weightsInterface('Weights', main!.printed.weights, 'All weights, by the functions that use them.', true),
    modelClass(parts, main!.printed),
    loadFunction(parts),
    functionOf(main!.printed, main!.doc),
    ...others.flatMap(({ printed, doc }) => [
      ...(printed.weightsType === null
        ? []
        : [
            weightsInterface(
              printed.weightsType,
              printed.weights,
              `The weights of \`${printed.name}\`.`,
              false,
            ),
          ]),
      functionOf(printed, doc),
    ]),
    ...parts.helpers,
    ...(isEmpty(parts.weights.code) ? [] : [readWeightsText(parts)]),
    ...(parts.supernet === null ? [] : supernetFunctions(parts.supernet.masks)),
    weightsReaderText(parts.weights, {
      trainable: parts.trainable,
      shared: (parts.supernet?.sets ?? null) !== null,
      predictor: parts.predictor?.isNative === true ? parts.predictor.name : null,
    }),
    readBytesText(moduleBackends[parts.backend].platform),
    ...(parts.graph.inputs.length === 0 ? [] : [checkInputText(symbolicInputs(parts.graph).length > 1)]),
  ];
}

// ---------------------------------------------------------------- declarations

function headerText({ graph, className }: ModuleParts): string {
  const ports = (what: string, list: readonly Port[]): string[] =>
    list.map(({ name, value }) => ` *   ${what} ${commentText(name)}: ${shapeText(graph.values[value]!)}`);
  return [
    '/**',
    ` * ${className}, compiled by Espalier.`,
    ' *',
    ...ports('input', graph.inputs),
    ...ports('output', graph.outputs),
    ' */',
  ].join('\n');
}

function shapeText({ dtype, shape }: TensorType): string {
  return `${dtype}[${shape.map((size) => (typeof size === 'number' ? size : 'batch')).join(', ')}]`;
}

/** Text of the model inside a comment: what could end it, or reorder what is read, is left out. */
export function commentText(name: string): string {
  return [...name.replace(/[^\p{L}\p{N} ._/:-]/gu, '_')].slice(0, 60).join('');
}

function imports({ backend, trainable }: ModuleParts): string[] {
  const { module, kernels, gradients } = moduleBackends[backend];
  const forEffect = [kernels, trainable ? gradients : null].filter((name) => name !== null);
  return [`import * as tf from '${module}';`, ...forEffect.map((name) => `import '${name}';`)];
}

function signatureText(graph: Graph): string {
  const port = ({ name, value }: Port): Code => {
    const { shape, dtype } = graph.values[value]!;
    const sizes = shape.map((size) => text(typeof size === 'number' ? String(size) : 'null'));
    return {
      kind: 'object',
      entries: [
        ['name', text(stringLiteral(name))],
        ['shape', { kind: 'list', items: sizes }],
        ['dtype', text(stringLiteral(dtype))],
      ],
    };
  };
  const code: Code = {
    kind: 'object',
    entries: [
      ['inputs', { kind: 'list', items: graph.inputs.map(port) }],
      ['outputs', { kind: 'list', items: graph.outputs.map(port) }],
    ],
  };
  return `/** What the model takes and gives; null is the batch. */\nexport const signature = ${layOut(code, 0, 999)} as const;`;
}

/** Types of the inputs and outputs by name, where there are several. */
function portTypes(graph: Graph): string[] {
  const type = (name: string, ports: readonly Port[], doc: string): string[] => {
    if (ports.length === 1) return [];
    const lines = ports.map(
      (port) => `  readonly ${propertyName(port.name)}: ${tensorTypeText(graph.values[port.value]!)};\n`,
    );
    return [`/** ${doc} */\nexport type ${name} = {\n${lines.join('')}};`];
  };
  return [
    ...type('Inputs', graph.inputs, 'The inputs by name.'),
    ...type('Outputs', graph.outputs, 'The outputs by name.'),
  ];
}

function weightsInterface(
  name: string,
  properties: readonly Typed[],
  doc: string,
  isExported: boolean,
): Declaration {
  return {
    kind: 'interface',
    name,
    isExported,
    doc,
    properties: properties.map((property) => ({ ...property, isReadonly: true })),
  };
}

function functionOf(printed: PrintedFunction, doc: string): Declaration {
  return {
    kind: 'function',
    modifiers: '',
    name: printed.name,
    doc,
    parameters: parametersOf(printed),
    returnType: printed.returnType,
    statements: printed.statements.map((statement) => statement.text),
  };
}

function parametersOf({ parameters, weightsType }: PrintedFunction): Typed[] {
  return weightsType === null ? [...parameters] : [...parameters, { name: weightsName, type: weightsType }];
}

// ---------------------------------------------------------------- the model

function symbolicInputs(graph: Graph): Port[] {
  return graph.inputs.filter(({ value }) =>
    graph.values[value]!.shape.some((size) => typeof size !== 'number'),
  );
}

function modelClass(parts: ModuleParts, main: PrintedFunction): Declaration {
  const { graph, className, predictor } = parts;
  const { parameter, argument } = predictInputs(graph);
  const { supernet } = parts;
  const sets = supernet?.sets ?? null;
  const more = supernet === null ? [] : supernetProperties(sets);
  const inputs = parts.rootInputs.map(argument);
  const computes = (args: readonly string[]): string =>
    `${main.name}(${[...args, ...(main.weightsType === null ? [] : ['this.weights'])].join(', ')})`;
  const named = main.parameters.map(({ name }) => name);
  const runs =
    predictor === null
      ? `tf.tidy(() => ${computes(inputs)})`
      : `this.predictor.predict([${inputs.join(', ')}], (${named.join(', ')}) => ${computes(named)})`;
  const made =
    predictor === null
      ? null
      : `new ${predictor.name}(${['tensors', ...(predictor.largest === null ? [] : [predictor.largest])].join(', ')})`;
  return {
    kind: 'class',
    name: className,
    doc: `The model with its weights in memory, until \`dispose\`.${trainingNote(parts)}`,
    properties: [
      { name: 'weights', type: 'Weights', isReadonly: sets === null },
      ...more,
      { name: 'tensors', type: 'tf.Tensor[]', isReadonly: true, isPrivate: true },
      ...(predictor === null
        ? []
        : [{ name: 'predictor', type: predictor.name, isReadonly: true, isPrivate: true }]),
    ],
    constructs: {
      parameters: [
        { name: 'weights', type: 'Weights' },
        ...more.map(({ name, type }) => ({ name, type })),
        { name: 'tensors', type: 'tf.Tensor[]' },
      ],
      statements: [
        ...['weights', ...more.map(({ name }) => name), 'tensors'].map((name) => `this.${name} = ${name};`),
        ...(made === null ? [] : [`this.predictor = ${made};`]),
      ],
    },
    methods: [
      {
        name: 'predict',
        doc: 'Runs the model on any number of examples. The caller disposes the result.',
        parameters: parameter === null ? [] : [parameter],
        returnType: main.returnType,
        statements: [...checks(graph, argument), `return ${runs};`],
      },
      ...(supernet === null ? [] : supernetMethods(sets)),
      {
        name: 'dispose',
        doc: 'Frees the weights.',
        parameters: [],
        returnType: 'void',
        statements: [
          ...(predictor === null ? [] : ['this.predictor.dispose();']),
          'tf.dispose(this.tensors);',
        ],
      },
    ],
  };
}

/** Where TensorFlow.js needs help to train. */
function trainingNote({ trainable, backend }: ModuleParts): string {
  if (!trainable || moduleBackends[backend].platform !== 'both') return '';
  return '\nTo train it, import `@tensorflow/tfjs` as well: it brings the gradients.';
}

/** How `predict` takes its inputs: one as it is, several by name. */
function predictInputs(graph: Graph): { parameter: Typed | null; argument: (port: Port) => string } {
  const [only, ...others] = graph.inputs;
  if (only === undefined) return { parameter: null, argument: () => '' };
  if (others.length > 0) {
    return {
      parameter: { name: 'inputs', type: 'Inputs' },
      argument: ({ name }) => (isIdentifier(name) ? `inputs.${name}` : `inputs[${stringLiteral(name)}]`),
    };
  }
  return {
    parameter: { name: 'input', type: tensorTypeText(graph.values[only.value]!) },
    argument: () => 'input',
  };
}

function checks(graph: Graph, argument: (port: Port) => string): string[] {
  const symbolic = symbolicInputs(graph);
  if (symbolic.length < 2) {
    return graph.inputs.map((port, i) => `checkInput(${argument(port)}, signature.inputs[${i}]);`);
  }
  const axis = graph.values[symbolic[0]!.value]!.shape.findIndex((size) => typeof size !== 'number');
  return [
    `const batchSize = ${argument(symbolic[0]!)}?.shape[${axis}];`,
    ...graph.inputs.map((port, i) => `checkInput(${argument(port)}, signature.inputs[${i}], batchSize);`),
  ];
}

function loadFunction(parts: ModuleParts): Declaration {
  const { backend, className } = parts;
  const from = { node: 'a file path, a URL', browser: 'a URL', both: 'a file path (in Node.js), a URL' };
  const model = loadedModel(parts);
  return {
    kind: 'function',
    modifiers: 'export async ',
    name: 'load',
    doc: `Loads the model: its weights are in \`weights.safetensors\`, given by ${from[moduleBackends[backend].platform]}, or in memory.`,
    parameters: [{ name: 'source', type: 'string | URL | ArrayBuffer' }],
    returnType: `Promise<${className}>`,
    statements: [
      'await tf.ready();',
      'const tensors: tf.Tensor[] = [];',
      `try {\n${model}\n} catch (error) {\n  tf.dispose(tensors);\n  throw error;\n}`,
    ],
  };
}

/** The statements of `load` that make the model. */
function loadedModel({ className, weights, supernet }: ModuleParts): string {
  const reader = 'weightsReader(await readBytes(source), tensors)';
  if (supernet === null) {
    return isEmpty(weights.code)
      ? `  ${reader};\n  return new ${className}({}, tensors);`
      : `  return new ${className}(readWeights(${reader}), tensors);`;
  }
  const start = `  const read = ${reader};\n  const masks = makeMasks(tensors);\n`;
  if (supernet.sets === null)
    return `${start}  return new ${className}(readWeights(read, masks), masks, tensors);`;
  return (
    `${start}  const first = readWeights(read, masks, 0);\n` +
    `  const others = Array.from({ length: ${supernet.sets - 1} }, (_, i) => readWeights(read, masks, i + 1));\n` +
    `  return new ${className}(first, [first, ...others], masks, tensors);`
  );
}

function readWeightsText({ weights, supernet }: ModuleParts): string {
  const parameters = [
    'read: ReturnType<typeof weightsReader>',
    ...(supernet === null ? [] : ['masks: readonly tf.Variable[]']),
    ...(supernet === null || supernet.sets === null ? [] : ['set: number']),
  ];
  return `/** Takes the weights from their file. The names there are those of the source model. */
function readWeights(${parameters.join(', ')}): Weights {
  return ${layOut(weights.code, 1, 999)};
}`;
}

const isEmpty = (code: Code): boolean => code.kind === 'object' && code.entries.length === 0;
