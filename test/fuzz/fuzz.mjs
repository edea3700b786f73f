/** `npm run fuzz`. */
import { fileURLToPath } from 'node:url'
import { runBundled } from '../simulator/run-bundled.mjs'

await runBundled('fuzz', fileURLToPath(new URL('run/main.ts', import.meta.url)))
// Awareness renews itself by a timer that would keep the process alive.
process.exit()
