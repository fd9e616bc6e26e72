/**
 * The tracer itself, where there is a Python with torch: set ESPALIER_PYTHON to it. In CI it is set.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { tracerCommand } from '../../../src/cli/commands/tracer.js';
import { projectFile } from '../../../src/lang/project-file.js';
import { readTorchTrace } from '../../../src/import/torch/read-torch-trace.js';
import { traceFolder } from './traces.js';

const python = process.env['ESPALIER_PYTHON'];
const tracer = projectFile('src/import/torch/espalier_tracer.py');
const here = fileURLToPath(new URL('.', import.meta.url));

interface Run {
  readonly code: number;
  readonly stderr: string;
  readonly out: string;
}

/** Runs the tracer on a model of models.py. */
async function run(...args: readonly string[]): Promise<Run> {
  const out = await mkdtemp(join(tmpdir(), 'espalier-tracer-'));
  try {
    const { stderr } = await promisify(execFile)(python!, [tracer, ...args, '--out', out], { cwd: here });
    return { code: 0, stderr, out };
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    return { code, stderr, out };
  }
}

async function json(folder: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(folder, 'trace.json'), 'utf8')) as Record<string, unknown>;
}

describe.skipIf(python === undefined)('the tracer', { timeout: 300_000 }, () => {
  it('writes what is committed', async () => {
    const { code, out } = await run('models:residual', '--input', '1,3,8,8');
    expect(code).toBe(0);
    const [traced, committed] = [await json(out), await json(traceFolder('residual'))];
    expect({ ...traced, producer: null }).toEqual({ ...committed, producer: null });
    for (const file of ['weights.safetensors', 'examples.safetensors']) {
      const [a, b] = [await readFile(join(out, file)), await readFile(join(traceFolder('residual'), file))];
      // Another machine may round differently in the last place, so outputs are compared by size alone.
      if (file === 'weights.safetensors') expect(a.equals(b)).toBe(true);
      else expect(a.length).toBe(b.length);
    }
    const model = await readTorchTrace(join(out, 'trace.json'), { inputShapes: {} });
    expect(model.graph.inputs[0]!.shape).toEqual([{ batch: 1 }, 3, 8, 8]);
  });

  it('takes several inputs, by position and by name, of other types, with the batch where N stands', async () => {
    const { code, out } = await run('models:shared', '--input', '1,4:int64:10', '--input', 'scale=N,1,6');
    expect(code).toBe(0);
    expect((await json(out))['inputs']).toEqual([
      { name: 'ids', dtype: 'int64', shape: [{ batch: 1 }, 4] },
      { name: 'scale', dtype: 'float32', shape: [{ batch: 1 }, 1, 6] },
    ]);
  });

  it('keeps the batch static where the model does, and says so', async () => {
    const { code, stderr, out } = await run('models:Static', '--input', '2,4', '--structure');
    expect(code).toBe(0);
    expect(stderr).toContain('warning: the batch is static: torch.export does not take it as dynamic: ');
    expect((await json(out))['inputs']).toEqual([{ name: 'x', dtype: 'float32', shape: [2, 4] }]);
  });

  it('writes the one graph that there is', async () => {
    const noGradient = await run('models:NoGradient', '--input', '1,4');
    expect(noGradient.code).toBe(0);
    expect(await json(noGradient.out)).toMatchObject({
      backward: null,
      missing: {
        backward:
          'autograd keeps no graph of the model: no output depends on a parameter or an input by operations that have a gradient',
      },
    });
    const noProgram = await run('models:NoProgram', '--input', '1,4');
    expect(noProgram.code).toBe(0);
    const { program, missing } = await json(noProgram.out);
    expect(program).toBeNull();
    expect(missing).toMatchObject({
      program: expect.stringMatching(/^torch.export can't export the model: /),
    });
  });

  it.each([
    ['models:Broken', '1,4', 'error: the model does not run with these inputs (x [1, 4]): RuntimeError: '],
    ['models:Neither', '1,4', "error: nothing could be traced\n  torch.export can't export the model: "],
    ['models:gone', '1,4', "error: models:gone: module 'models' has no attribute 'gone'"],
    ['gone:Model', '1,4', "error: gone:Model: No module named 'gone'"],
    ['models', '1,4', 'error: models: give PACKAGE.MODULE:FACTORY, for example torchvision.models:resnet18'],
    ['models:Block', '1,4', 'error: models:Block makes no model: TypeError: '],
    ['models:settled', '1,4', 'error: models:settled makes no model: TypeError: '],
    [
      'models:Static',
      '2,x',
      'error: --input 2,x: sizes are whole numbers or N, for example --input x=N,3,224,224',
    ],
    [
      'models:Static',
      'N,N',
      'error: --input N,N: give [NAME=]SIZES[:DTYPE[:HIGH]], with at most one N and sizes above 0',
    ],
    [
      'models:Static',
      '2,4:int7',
      "error: --input 2,4:int7: there is no element type 'int7'; say for example int64",
    ],
  ])('%s with %s is an error that says why', async (model, input, message) => {
    const { code, stderr } = await run(model, '--input', input);
    expect(code).toBe(1);
    expect(stderr.slice(stderr.indexOf('error: '))).toContain(message);
  });

  it('leaves the model as it was', async () => {
    const script = `
import sys; sys.path.insert(0, ${JSON.stringify(join(tracer, '..'))})
import torch, models
from espalier_tracer import trace
model = models.shared().train()
model.dense.weight.requires_grad_(False)
ids, scale = torch.tensor([[1, 2, 3, 9]]), torch.ones(1, 1, 6)
document = trace(model, {"ids": ids, "scale": scale}, sys.argv[1])
assert all(module.training for module in model.modules())
assert not model.dense.weight.requires_grad and model.dense.bias.requires_grad
assert all(parameter.grad is None for parameter in model.parameters())
assert not scale.requires_grad
print([example["name"] for example in document["examples"]])
`;
    const out = await mkdtemp(join(tmpdir(), 'espalier-tracer-'));
    const { stdout } = await promisify(execFile)(python!, ['-c', script, out], { cwd: here });
    expect(stdout.trim()).toBe("['given', 'smooth, batch 2']");
  });
});

it('is printed by the command line', async () => {
  const printed: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed.push(String(text));
    return true;
  });
  await tracerCommand().parseAsync([], { from: 'user' });
  write.mockRestore();
  expect(printed.join('')).toBe(await readFile(tracer, 'utf8'));
});
