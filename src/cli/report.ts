/** How diagnostics reach the user: on stderr, with colours where it is a terminal. */
import { DiagnosticError, type Diagnostic } from '../diagnostics/diagnostic.js';

/** Whether a stream takes colours: a terminal, and NO_COLOR is not set. */
export const colourful = (stream: NodeJS.WriteStream): boolean =>
  stream.isTTY === true && (process.env.NO_COLOR ?? '') === '';

/** Prints diagnostics to stderr, with the lines that they point at. */
export async function reportDiagnostics(diagnostics: readonly Diagnostic[]): Promise<void> {
  if (diagnostics.length === 0) return;
  const { formatDiagnostics } = await import('../diagnostics/format.js');
  const { ruleFileText } = await import('../lang/load.js');
  const files = diagnostics.flatMap((d) => [d.span, ...(d.notes ?? []).map((note) => note.span)]);
  const sources = new Map<string, string>();
  for (const span of files) {
    const text = span === undefined ? undefined : ruleFileText(span.file);
    if (span !== undefined && text !== undefined) sources.set(span.file, text);
  }
  process.stderr.write(`${formatDiagnostics(diagnostics, sources, { colour: colourful(process.stderr) })}\n`);
}

/** Prints an error: diagnostics as such; anything else is a defect of Espalier and keeps its stack. */
export async function reportError(error: unknown): Promise<void> {
  if (error instanceof DiagnosticError) return reportDiagnostics(error.diagnostics);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `This is a defect of Espalier, not of your input. Please report it with what follows.\n${text}\n`,
  );
}
