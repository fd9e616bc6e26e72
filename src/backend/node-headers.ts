/** The headers of Node-API, from the package node-api-headers. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../diagnostics/diagnostic.js';
import { writeFolder } from './folders.js';
import { lastLines, runTool } from './tool.js';
import type { Toolchain } from './toolchain.js';

const headersPackage = 'node-api-headers@1.9.0';

/** Unpacks the headers of a package. Arguments: archive, target. */
const unpackScript = `
import sys, tarfile
with tarfile.open(sys.argv[1]) as archive:
    archive.extractall(sys.argv[2], [entry for entry in archive if entry.isfile() and entry.name.startswith('package/include/')
                                     and '..' not in entry.name.split('/')])
`;

/** The folder with node_api.h: downloaded the first time, kept for later. */
export async function nodeHeaders({ python, npm }: Toolchain, cache: string): Promise<string> {
  const folder = join(cache, headersPackage.replace('@', '-'));
  const include = join(folder, 'package', 'include');
  if (existsSync(join(include, 'node_api.h'))) return include;
  await writeFolder(folder, async (temporary) => {
    const packed = await runTool(npm, ['pack', headersPackage, '--silent'], { cwd: temporary });
    const archive = readdirSync(temporary).find((file) => file.endsWith('.tgz'));
    if (!packed.ok || archive === undefined) {
      fail({
        code: 'E913',
        message: `${headersPackage} could not be downloaded`,
        why: `npm says:\n${lastLines(packed)}`,
        help: 'See whether this machine reaches the registry that npm is configured for.',
      });
    }
    const unpacked = await runTool(python, ['-c', unpackScript, join(temporary, archive), temporary]);
    if (!unpacked.ok || !existsSync(join(temporary, 'package', 'include', 'node_api.h'))) {
      fail({ code: 'E913', message: `${headersPackage} could not be unpacked`, why: lastLines(unpacked) });
    }
    rmSync(join(temporary, archive));
  });
  return include;
}
