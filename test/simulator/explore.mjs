/** `npm run explore`. */
import { fileURLToPath } from 'node:url'
import { runBundled } from './run-bundled.mjs'

await runBundled('exploration', fileURLToPath(new URL('exploration/command/main.ts', import.meta.url)))
