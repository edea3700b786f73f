/**
 * Where the time of some work goes, by part of the code: V8's sampling profiler, and the bundle's own remarks on which
 * file each of its lines comes from.
 */
import { readFileSync } from 'node:fs'
import { type Profiler, Session } from 'node:inspector/promises'

/** Share of the samples, by part, the largest first. */
export type Shares = readonly (readonly [part: string, share: number])[]

const SAMPLE_MICROSECONDS = 500
const BUNDLED_FILE = /^\/\/ (?:\.\.\/)*([^ ]+\.(?:ts|js|mjs))$/

/** @param partOf of a file, as a path from the repository's root, or of what V8 calls itself: `(garbage collector)`. */
export async function profiled(work: () => void, partOf: (file: string) => string): Promise<Shares> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_MICROSECONDS })
  await session.post('Profiler.start')
  work()
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  return sharesOf(profile, partOf)
}

function sharesOf({ nodes, samples = [] }: Profiler.Profile, partOf: (file: string) => string): Shares {
  const fileAt = bundledFiles()
  const parts = new Map(
    nodes.map(({ id, callFrame }) => {
      const { url, functionName, lineNumber } = callFrame
      const isBundle = url.endsWith(process.argv[1] as string)
      const file = isBundle ? fileAt(lineNumber) : url || functionName
      return [id, partOf(file)]
    }),
  )
  const counts = new Map<string, number>()
  for (const sample of samples) {
    const part = parts.get(sample) ?? 'unknown'
    counts.set(part, (counts.get(part) ?? 0) + 1)
  }
  return [...counts]
    .map(([part, count]): [string, number] => [part, count / samples.length])
    .sort(([, a], [, b]) => b - a)
}

/** Of a line of this bundle, counted from 0. */
function bundledFiles(): (line: number) => string {
  const files: string[] = []
  let file = 'the bundle'
  for (const line of readFileSync(process.argv[1] as string, 'utf8').split('\n')) {
    file = BUNDLED_FILE.exec(line)?.[1] ?? file
    files.push(file)
  }
  return (line) => files[line] ?? file
}
