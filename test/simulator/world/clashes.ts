/**
 * Writes under one key by people who do not hear of each other, around a cut: whose write counts, and what becomes of the others
 * once that is removed, shows only if all of it falls together.
 *
 * Invariant: only some seeds have any, of which none was pinned before, and they are drawn from a stream of their own, so that
 * all other seeds name the schedules that they named before.
 */
import { Random } from '../random.js'
import type { Choices } from '../shrink/choices.js'
import type { Plan } from './plan.js'
import { block, editNow, shuffled, tripMs } from './plots.js'
import { type Clockwork, members, type Scene } from './scene.js'

const RESIDUES = 64
const CLASH_RESIDUES = [10, 24, 42, 56]
const MEAN_MS = 3000
const KEYS = ['a', 'b', 'c']

/** The n-th seed that has any, from 1 on. */
export const nthClash = (n: number): number =>
  RESIDUES * Math.floor((n - 1) / CLASH_RESIDUES.length) +
  (CLASH_RESIDUES[(n - 1) % CLASH_RESIDUES.length] ?? 0)

const hasClashes = ({ seed, structure, compaction }: Plan): boolean =>
  CLASH_RESIDUES.includes(seed % RESIDUES) && structure === 'yjs' && compaction === 'full'

export function arrangeClashes(plan: Plan, choices: Choices, scene: () => Scene, clockwork: Clockwork): void {
  if (!hasClashes(plan)) return
  const random = new Random(plan.seed, 6, choices.draws)
  let atMs = 0
  for (let number = 0; ; number++) {
    const part = `k${number}`
    atMs += choices.within('clashes', () => random.exponential(MEAN_MS))
    if (atMs > plan.activeMs) return
    if (!choices.keeps(part)) continue
    choices.within(part, () =>
      clockwork.after(atMs, () => {
        if (!clockwork.isCalm) clash({ ...scene(), random })
      }),
    )
  }
}

/**
 * Somebody writes, removes it, and wants everything cut; somebody else has not heard of it and is ahead in Lamport time, so that
 * what it writes under the same key lies above that cut.
 */
function clash(scene: Scene): void {
  const { random } = scene
  const [first, second, ...others] = shuffled(scene, members(scene))
  if (!first || !second) return
  const key = random.pick(KEYS) ?? 'a'
  const unblock = block(scene, [first], [second, ...others])
  scene.coverage.fault('clashes under a key')
  first.writeKey(key, true)
  first.handOver()
  if (random.chance(0.8)) first.writeKey(key, false)
  first.handOver()
  first.compact()
  for (let ahead = random.between(2, 8); ahead > 0; ahead--) editNow(second)
  for (let writes = random.between(1, 2); writes > 0; writes--) {
    second.writeKey(key, true)
    second.handOver()
  }
  scene.after(tripMs(scene), unblock)
}
