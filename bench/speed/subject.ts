/**
 * A network in a process of its own that computes when it is told to: where two runtimes are compared, the threads of one
 * would look for work while the other computes.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout } from 'node:timers/promises';

export interface SubjectJob {
  readonly runtime: 'emitted' | 'onnx';
  /** A folder with model.mjs and weights.safetensors; or a model for ONNX Runtime. */
  readonly path: string;
  readonly shape: readonly number[];
}

/** What a subject says first: what it computed of the input that all have, and which version of the runtime did. */
export interface SubjectReady {
  readonly scores: readonly number[];
  readonly version: string;
}

export class Subject {
  private errors = '';
  private readonly ended: Promise<never>;

  private constructor(private readonly child: ChildProcess) {
    child.stderr!.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    this.ended = once(child, 'exit').then(() => {
      throw new Error(`A measurement ended:\n${this.errors}`);
    });
    // Its end is an error only where an answer is waited for.
    this.ended.catch(() => undefined);
  }

  /** Starts the process, which loads the network and gets warm. */
  static async start(job: SubjectJob): Promise<{ subject: Subject; ready: SubjectReady }> {
    const script = fileURLToPath(new URL('subject-process.js', import.meta.url));
    const subject = new Subject(
      fork(script, [JSON.stringify(job)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] }),
    );
    return { subject, ready: (await subject.answer()) as SubjectReady };
  }

  /** The median of some predictions in a row, in milliseconds. */
  async turn(): Promise<number> {
    // The threads of whoever had the last turn go to sleep meanwhile.
    await setTimeout(20);
    this.child.send('turn');
    return (await this.answer()) as number;
  }

  stop(): void {
    // One that failed has gone already.
    if (this.child.connected) this.child.disconnect();
  }

  private async answer(): Promise<unknown> {
    const [message] = (await Promise.race([once(this.child, 'message'), this.ended])) as [unknown];
    return message;
  }
}
