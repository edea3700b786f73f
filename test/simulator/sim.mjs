/** `npm run sim`. */
import { fileURLToPath } from 'node:url'
import { runBundled } from './run-bundled.mjs'

await runBundled('simulator', fileURLToPath(new URL('run/main.ts', import.meta.url)))
