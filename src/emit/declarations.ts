/**
 * The declarations of an emitted module, and their text. ts-morph's own writer of code lays them out; ts-morph as a whole
 * takes half a second to load, and is needed only where types have to be checked.
 */
import CodeBlockWriter from 'code-block-writer';
import { lineWidth } from './code.js';

export interface Typed {
  readonly name: string;
  readonly type: string;
}

export interface Property extends Typed {
  readonly isReadonly?: boolean;
  readonly isPrivate?: boolean;
}

export interface Method {
  readonly name: string;
  readonly doc: string;
  readonly parameters: readonly Typed[];
  readonly returnType: string;
  readonly statements: readonly string[];
}

/** The text of statements, or a declaration. */
export type Declaration =
  | string
  | {
      readonly kind: 'interface';
      readonly name: string;
      readonly isExported: boolean;
      readonly doc: string;
      readonly properties: readonly Property[];
    }
  | ({ readonly kind: 'function'; readonly modifiers: '' | 'export async ' } & Method)
  | {
      readonly kind: 'class';
      readonly name: string;
      readonly doc: string;
      readonly properties: readonly Property[];
      readonly constructs: Pick<Method, 'parameters' | 'statements'>;
      readonly methods: readonly Method[];
    };

/** The text of a module. */
export function declarationText(declarations: readonly Declaration[]): string {
  const writer = new CodeBlockWriter({ indentNumberOfSpaces: 2 });
  for (const declaration of declarations) writeDeclaration(declaration, writer);
  return spaced(writer.toString());
}

/** One empty line between declarations that have a comment or a body. */
function spaced(module: string): string {
  return `${module.replace(/(?<!\*\/)\n+(?=\/\*\*|const )/g, '\n\n').trim()}\n`;
}

function writeDeclaration(declaration: Declaration, writer: CodeBlockWriter): void {
  if (typeof declaration === 'string') {
    writer.writeLine(declaration);
    return;
  }
  const { name, doc } = declaration;
  writeDoc(doc, writer);
  switch (declaration.kind) {
    case 'interface':
      writer.write(`${declaration.isExported ? 'export ' : ''}interface ${name} `).block(() => {
        for (const property of declaration.properties) writeProperty(property, writer);
      });
      return;
    case 'function':
      writer.write(functionHead(declaration));
      writeBody(declaration.statements, writer);
      return;
    case 'class':
      writer.write(`export class ${name} `).block(() => {
        const { properties, constructs, methods } = declaration;
        for (const property of properties) writeProperty(property, writer);
        writer.blankLine().write(`constructor(${parameterList(constructs.parameters)}) `);
        writeBody(constructs.statements, writer);
        for (const method of methods) {
          writer.blankLine();
          writeDoc(method.doc, writer);
          writer.write(`${method.name}(${parameterList(method.parameters)}): ${method.returnType} `);
          writeBody(method.statements, writer);
        }
      });
  }
}

function writeDoc(doc: string, writer: CodeBlockWriter): void {
  const lines = doc.split('\n');
  if (lines.length === 1) writer.writeLine(`/** ${doc} */`);
  else writer.writeLine(`/**\n${lines.map((line) => ` * ${line}`).join('\n')}\n */`);
}

function writeProperty({ name, type, isReadonly, isPrivate }: Property, writer: CodeBlockWriter): void {
  const modifiers = `${isPrivate === true ? 'private ' : ''}${isReadonly === true ? 'readonly ' : ''}`;
  writer.writeLine(`${modifiers}${name}: ${type};`);
}

function writeBody(statements: readonly string[], writer: CodeBlockWriter): void {
  writer.block(() => {
    for (const statement of statements) writer.writeLine(statement);
  });
}

const parameterList = (parameters: readonly Typed[]): string =>
  parameters.map(({ name, type }) => `${name}: ${type}`).join(', ');

/** What a function begins with, in several lines if it is too long for one. */
function functionHead({ modifiers, name, parameters, returnType }: Method & { modifiers: string }): string {
  const start = `${modifiers}function ${name}(`;
  const head = `${start}${parameterList(parameters)}): ${returnType} `;
  if (fitsWithBrace(head)) return head;
  const end = `): ${returnType} `;
  const result = fitsWithBrace(end)
    ? end
    : end.replace('{ ', '{\n  ').replaceAll('; ', ';\n  ').replace(/ } $/, ';\n} ');
  const lines = parameters.map((parameter) => `  ${parameterList([parameter])},\n`);
  return `${start}\n${lines.join('')}${result}`;
}

const fitsWithBrace = (start: string): boolean => start.length + '{'.length <= lineWidth;
