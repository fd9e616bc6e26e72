/**
 * Prints a module until its types are right: statements whose types the checker can't work out are written in their
 * next form. What the checker said about a statement is remembered between runs, so that it seldom has to be loaded.
 */
import { fail } from '../diagnostics/diagnostic.js';
import type { Node } from '../ir/graph.js';
import type { PrintedFunction } from './body.js';
import type { PrintedStatement } from './statement.js';
import { TypeVerdicts } from './type-verdicts.js';

export interface PrintedModule {
  readonly text: string;
  readonly functions: readonly PrintedFunction[];
}

type Source = NonNullable<PrintedStatement['source']>;

/** The statements that the checker rejects, with what it says. */
type Wrong = readonly { readonly source: Source; readonly message: string }[];

/** @param print prints the module with each kind of statement in a certain form */
export async function checkedText(
  print: (forms: ReadonlyMap<string, number>) => PrintedModule,
): Promise<string> {
  const verdicts = new TypeVerdicts();
  const forms = new Map<string, number>();
  for (;;) {
    const printed = print(forms);
    const wrong = knownWrong(printed, verdicts) ?? (await check(printed, verdicts));
    if (wrong.length === 0) {
      verdicts.save();
      return printed.text;
    }
    const kinds = new Map(wrong.map(({ source, message }) => [source.kind, { source, message }]));
    for (const [kind, { source, message }] of kinds) {
      const next = (forms.get(kind) ?? 0) + 1;
      if (next >= source.forms) return badTypes(source.node, message);
      forms.set(kind, next);
    }
  }
}

function sourcesOf({ functions }: PrintedModule): Source[] {
  return functions.flatMap(({ statements }) => statements.flatMap(({ source }) => source ?? []));
}

/** The wrong statements, or null where the checker has not been asked about one before. */
function knownWrong(printed: PrintedModule, verdicts: TypeVerdicts): Wrong | null {
  const wrong: { source: Source; message: string }[] = [];
  for (const source of sourcesOf(printed)) {
    const message = verdicts.get(source.typing);
    if (message === undefined) return null;
    if (message !== null) wrong.push({ source, message });
  }
  return wrong;
}

async function check(printed: PrintedModule, verdicts: TypeVerdicts): Promise<Wrong> {
  const { typeErrors } = await import('./type-check.js');
  const wrong = typeErrors(printed.text).map(({ message, place }) => {
    const statements = printed.functions.find(({ name }) => name === place?.name)?.statements;
    const source = statements?.[place!.statement]?.source;
    return source == null ? badTypes(null, message) : { source, message };
  });
  for (const { typing } of sourcesOf(printed)) verdicts.set(typing, null);
  for (const { source, message } of wrong) verdicts.set(source.typing, message);
  return wrong;
}

function badTypes(node: Node | null, message: string): never {
  return fail({
    code: 'E512',
    message:
      node === null ? 'the emitted module does not type-check' : `the emit of ${node.op} does not type-check`,
    ...(node === null ? {} : { where: `node ${JSON.stringify(node.source.name)}` }),
    why: message,
    help: 'See the declarations of TensorFlow.js for what its functions take, and give the emit arguments of those types.',
  });
}
