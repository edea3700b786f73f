/**
 * `npm run build`: compiles all packages, so that plain Node can import them and run their programs.
 */
import { compile } from './compile.mjs'
import { script, step } from './console.mjs'
import { ensureDependencies } from './dependencies.mjs'

await script(async () => {
  await ensureDependencies()
  await step('Compiling all packages (tsc -b)', () => compile('.'))
})
