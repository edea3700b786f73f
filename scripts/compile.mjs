/**
 * Compiles workspaces with TypeScript's build mode, which does nothing where nothing has changed.
 */
import { join } from 'node:path'
import { runQuietly } from './console.mjs'
import { ROOT } from './dependencies.mjs'

/**
 * @param {string} project a folder with a tsconfig.json; those it refers to are compiled first.
 */
export async function compile(project) {
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  await runQuietly(process.execPath, [compiler, '-b', '--pretty', 'false', project], { cwd: ROOT })
}
