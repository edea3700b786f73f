/**
 * Each safeguard of the agreement on evictions, and of who may decide, is missed in some split of a small room:
 * `splits.test.ts` goes through them with all safeguards in place.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle, CACHE, type Mutant } from '../../../../test/simulator/bundle.mjs'

const AGREEMENT = 'packages/core/src/eviction/agreement.ts'
const ELECTORATES = 'packages/core/src/eviction/electorates.ts'

const MUTANTS: readonly Mutant[] = [
  {
    name: 'half of the members may decide',
    rule: 'EV1: only with the oldest among them',
    file: ELECTORATES,
    find: 'return oldest !== undefined && quorum.has(oldest.author)',
    replace: 'return oldest !== undefined',
  },
  {
    name: 'a third of the members may decide',
    rule: 'EV1: it takes a majority',
    file: ELECTORATES,
    find: 'if (2 * votes !== positions.length) return 2 * votes > positions.length',
    replace: 'if (2 * votes !== positions.length) return 3 * votes >= positions.length',
  },
  {
    name: 'later electorates have no say',
    rule: 'EV1: all have, up to the members known now',
    file: ELECTORATES,
    find: 'if (electorate.size !== size && !isMajority(quorum, electorate)) return false',
    replace: 'void size',
  },
  {
    name: 'only the members known now have a say',
    rule: 'EV1: so have those at the snapshot point, and all in between',
    file: ELECTORATES,
    find: `    if (!isMajority(quorum, electorate)) return false
    for (const operation of above) {
      const { size } = electorate
      const gone = this.fold(operation, electorate, goneAbove)
      if (electorate.size !== size && !isMajority(quorum, electorate)) return false
      if (this.remembers) for (const who of gone) goneAbove.add(who)
    }
    return true`,
    replace: `    for (const operation of above)
      for (const who of this.fold(operation, electorate, goneAbove)) goneAbove.add(who)
    return isMajority(quorum, electorate)`,
  },
  {
    name: 'a proposer ignores what was accepted',
    rule: 'EV2: it asks for that, under its own ballot',
    file: AGREEMENT,
    find: 'evicted: last?.evicted ?? proposal.evicted',
    replace: 'evicted: proposal.evicted',
  },
  {
    name: 'a proposer needs no promises',
    rule: 'EV2: it needs those of a primary quorum',
    file: AGREEMENT,
    find: 'if (!isPrimary(promisers)) return false',
    replace: 'if (promisers.size === 0) return false',
  },
  {
    name: 'one acceptance is a decision',
    rule: 'EV2: it takes a primary quorum',
    file: AGREEMENT,
    find: 'if (isPrimary(voters)) {',
    replace: 'if (voters.size > 0) {',
  },
  {
    name: 'acceptances under other ballots count together',
    rule: 'EV2: a quorum accepts one and the same proposal',
    file: AGREEMENT,
    find: 'isSame(state.accepted?.ballot, accepted.ballot)',
    replace: 'state.accepted !== undefined',
  },
  {
    name: 'an acceptor breaks its promise',
    rule: 'EV2: it accepts nothing below the ballot it has promised to',
    file: AGREEMENT,
    find: 'if (!accepted || isGreater(this.promised, accepted.ballot)) return hasPromised',
    replace: 'if (!accepted) return hasPromised',
  },
]

describe('without its safeguards a room may come apart', { timeout: 180_000 }, () => {
  let folder = ''

  beforeAll(async () => {
    await mkdir(CACHE, { recursive: true })
    folder = await mkdtemp(join(CACHE, 'splits-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test.each(MUTANTS)('$name', async (mutant) => {
    const file = join(folder, `${MUTANTS.indexOf(mutant)}.mjs`)
    await bundle(fileURLToPath(new URL('split-runs.ts', import.meta.url)), file, mutant)
    const told = await new Promise<string>((resolve) =>
      execFile(process.execPath, [file], (_, out) => resolve(out)),
    )
    expect(told).toMatch(/ may decide, and so may | evict .*, others /)
  })
})
