/** Runs a small computation through the package, in a process of its own: a broken native library can end a process. */
import { lastLines, runTool } from './tool.js';

export interface WorkingBinding {
  readonly works: true;
  /** The version of TensorFlow, as it names itself. */
  readonly tensorflow: string;
  readonly gpu: boolean;
}

export type BindingState = WorkingBinding | { readonly works: false; readonly why: string };

const script = `
try {
  const tf = require(process.argv[1]);
  const { binding, isUsingGpuDevice } = tf.backend();
  const sum = tf.tensor1d([1, 2]).add(tf.tensor1d([10, 20])).dataSync();
  const result = { sum: [...sum], tensorflow: binding.TF_Version, gpu: isUsingGpuDevice };
  process.stdout.write('\\n' + JSON.stringify(result));
} catch (error) {
  process.stderr.write('\\n' + error.message.split('\\n')[0]);
  process.exitCode = 1;
}
`;

/** Whether the package in a folder can be loaded and computes. */
export async function checkBinding(packageFolder: string): Promise<BindingState> {
  const result = await runTool(process.execPath, ['-e', script, packageFolder], {
    env: { TF_CPP_MIN_LOG_LEVEL: '2' },
  });
  if (!result.ok) return { works: false, why: lastLines(result) };
  const line = result.stdout.slice(result.stdout.lastIndexOf('\n') + 1);
  const { sum, tensorflow, gpu } = JSON.parse(line) as { sum: number[]; tensorflow: unknown; gpu: unknown };
  if (sum.join() !== '11,22') return { works: false, why: `[1, 2] + [10, 20] gives [${sum.join(', ')}].` };
  return { works: true, tensorflow: String(tensorflow), gpu: gpu === true };
}
