/**
 * Compiles workspaces with TypeScript's build mode, which does nothing where nothing has changed.
 */
import { chmod, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runQuietly } from './console.mjs'
import { ROOT } from './dependencies.mjs'

/** Workspaces that have programs of their own. */
const WORKSPACES_WITH_PROGRAMS = ['signaling-server', 'packages/tidemark']

/**
 * @param {string} project a folder with a tsconfig.json; those it refers to are compiled first.
 */
export async function compile(project) {
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  await runQuietly(process.execPath, [compiler, '-b', '--pretty', 'false', project], { cwd: ROOT })
  await Promise.all(WORKSPACES_WITH_PROGRAMS.map(makeProgramsExecutable))
}

/**
 * npm marks programs as executable when it links them, which happens before they are compiled.
 * @param {string} workspace
 */
async function makeProgramsExecutable(workspace) {
  const { bin = {} } = JSON.parse(await readFile(join(ROOT, workspace, 'package.json'), 'utf8'))
  const programs = typeof bin === 'string' ? [bin] : Object.values(bin)
  for (const program of programs) {
    await chmod(join(ROOT, workspace, program), 0o755).catch((error) => {
      // A project that was not asked for may not have been compiled yet.
      if (error.code !== 'ENOENT') throw error
    })
  }
}
