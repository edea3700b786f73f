import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle, CACHE, type Mutant } from '../bundle.mjs'
import { play } from './story.js'

/** `LIARS=1-1000` plays others, or more. */
const [FIRST = 1, LAST = 50] = (process.env['LIARS'] ?? '1-50').split('-').map(Number)
/** They are played some at a time, so that a test that fails says which. */
const AT_ONCE = 25

const CORE = 'packages/core/src'

interface Measured extends Mutant {
  readonly breaks: RegExp
  /** How many stories it took when that was measured last, from seed 1 on. */
  readonly needed: number
}

/** The other safeguards have tests of their own, in core: to be hit by chance they would take thousands of stories. */
const MUTANTS: readonly Measured[] = [
  {
    name: 'what nobody applies is news each time that it comes',
    rule: 'OP3: it is passed on once',
    file: `${CORE}/causality/history.ts`,
    find: 'if (this.refused.size > 0 && this.refused.has(claimsOf(operation))) return true',
    replace: '',
    breaks: /no end/,
    needed: 6,
  },
  {
    name: 'who has another history than the others goes on',
    rule: 'ID9: it starts over',
    file: `${CORE}/identity/histories.ts`,
    find: 'if (now < this.differsSince + hearingMs || !this.isOutvotedBy(new Set(differing)))',
    replace: 'if (now >= 0 || !this.isOutvotedBy(new Set(differing)))',
    breaks: /contents/,
    needed: 24,
  },
]

describe('a room with identities, one of whose members lies [ID4] [ID8] [ID9]', { timeout: 300_000 }, () => {
  const firsts: number[] = []
  for (let seed = FIRST; seed <= LAST; seed += AT_ONCE) firsts.push(seed)

  test.each(firsts)('is one room afterwards that has lost nothing, in the stories from %i on', (first) => {
    const stories = Array.from({ length: Math.min(AT_ONCE, LAST - first + 1) }, (_, i) => play(first + i))
    expect(stories.filter(({ faults }) => faults.length > 0)).toEqual([])
    // Or the liar has said nothing that anybody noticed.
    expect(stories.reduce((sum, { alarms, restarts }) => sum + alarms + restarts, 0)).toBeGreaterThan(0)
  })
})

describe('without its safeguards', { timeout: 300_000 }, () => {
  let folder = ''

  beforeAll(async () => {
    await mkdir(CACHE, { recursive: true })
    folder = await mkdtemp(join(CACHE, 'liars-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test.each(MUTANTS)('$name', async (mutant) => {
    const file = join(folder, `${MUTANTS.indexOf(mutant)}.mjs`)
    await bundle(fileURLToPath(new URL('runs.ts', import.meta.url)), file, mutant)
    const count = String(Math.max(20, 2 * mutant.needed))
    const told = await new Promise<string>((resolve) =>
      execFile(process.execPath, [file, '1', count], (_, out) => resolve(out)),
    )
    expect(told).toMatch(mutant.breaks)
  })
})
