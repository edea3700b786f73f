/** `npm run typecheck:bench`: the benchmark fits what it measures, and the libraries that it compares with. */
import { spawnSync } from 'node:child_process'
import { ensureDependencies, ROOT } from '../scripts/dependencies.mjs'
import { ensurePeers } from './installed.mjs'

await ensureDependencies()
await ensurePeers()
const { status } = spawnSync('npx', ['tsc', '-p', 'bench', '--noEmit'], { cwd: ROOT, stdio: 'inherit' })
process.exitCode = status ?? 1
