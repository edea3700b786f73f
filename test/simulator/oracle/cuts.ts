/**
 * What must hold of cuts: everybody executes the same ones, with the same base as the result.
 */
import type { Cut } from '@tidemark/core'
import { toHexString } from 'lib0/buffer'
import { type Entry, type Ledger, nameOf } from './ledger.js'
import { Violation } from './violation.js'
import type { Witness } from './witness.js'

/** @returns the operation that is being executed. */
export function checkCut(witness: Witness, ledger: Ledger, cut: Cut, fingerprint: Uint8Array): Entry {
  const { epoch } = cut
  if (cut.lineage !== ledger.lineage || epoch !== witness.epoch + 1) {
    const there = `${ledger.lineage} ${witness.epoch}`
    throw new Violation('epochs', `${witness.id} goes from ${there} to ${cut.lineage} ${epoch}`)
  }
  const entry = ledger.cutInto(epoch)
  if (entry?.through === undefined)
    throw new Violation('epochs', `${witness.id} executes a cut that nobody made`)
  if ((witness.held.get(entry.author) ?? 0) < entry.seq) {
    throw new Violation(
      'epochs',
      `${witness.id} executes another cut than ${nameOf(entry)}, which comes first`,
    )
  }
  checkExtent(witness, ledger, cut, entry.through)
  const base = {
    through: entry.through,
    fingerprint: toHexString(fingerprint),
    by: witness.id,
  }
  const known = ledger.bases.get(epoch)
  if (!known) ledger.bases.set(epoch, base)
  else if (known.fingerprint !== base.fingerprint) {
    throw new Violation('one base', `of epoch ${epoch}, ${known.by} and ${witness.id} have different bases`)
  }
  return entry
}

/** The payloads handed over are those between the bases, and all others that are held. */
function checkExtent(witness: Witness, ledger: Ledger, cut: Cut, through: number): void {
  const from = ledger.throughOf(witness.epoch)
  if (through < from) throw new Violation('epochs', `a cut goes back from ${from} to ${through}`)
  let below = 0
  for (const { kind } of ledger.between(from, through)) if (kind === 'update') below++
  if (cut.below.length !== below) {
    const told = `${cut.below.length} operations are below it instead of ${below}`
    throw new Violation('one base', `${witness.id} executes the cut through ${through}: ${told}`)
  }
  const above = ledger.updatesHeld(witness.held, through)
  if (cut.above.length !== above) {
    const told = `${cut.above.length} operations are above it instead of ${above}`
    throw new Violation('nothing lost', `${witness.id} executes the cut through ${through}: ${told}`)
  }
}

/** Whoever can exchange operations is at most one epoch apart. */
export function checkEpochs(members: Iterable<Witness>): void {
  let first: Witness | undefined
  let last: Witness | undefined
  for (const member of members) {
    if (!first || member.epoch < first.epoch) first = member
    if (!last || member.epoch > last.epoch) last = member
  }
  if (first && last && last.epoch - first.epoch > 1) {
    throw new Violation('epochs', `${first.id} is in ${first.epoch} while ${last.id} is in ${last.epoch}`)
  }
}
