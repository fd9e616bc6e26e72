import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { projectFile } from '../../lang/project-file.js';

export function tracerCommand(): Command {
  return new Command('tracer')
    .description('print the Python file that traces PyTorch models')
    .addHelpText(
      'after',
      `
Example:
  $ espalier tracer > espalier_tracer.py
  $ python espalier_tracer.py torchvision.models:resnet18 --input 1,3,224,224 --out resnet18
  $ espalier compile resnet18 --out pruned --flops 0.5`,
    )
    .action(() => {
      process.stdout.write(readFileSync(projectFile('src/import/torch/espalier_tracer.py'), 'utf8'));
    });
}
