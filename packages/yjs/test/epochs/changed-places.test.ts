/**
 * Two insertions whose places only a tombstone told apart, and which have changed places in one of two rooms: what was
 * typed between them stands beside what is shown, not beside what nobody sees any more.
 */
import { describe, expect, test } from 'vitest'
import { apply, change, cut, founder, load, newcomer } from './members.js'

/** Alice's room shows p before q, as it has cut what stood between them; Bob has all three, and shows q before p. */
function swapped({ beforeP = '' } = {}) {
  const alice = founder(1)
  const bob = newcomer(2, alice)
  const carol = newcomer(3, alice)
  const typed = change(alice, () => alice.text.insert(0, 'atb'))
  apply(bob, typed)
  apply(carol, typed)
  const p = change(bob, () => bob.text.insert(2, 'p'))
  const q = change(carol, () => carol.text.insert(1, 'q'))
  const erasure = change(alice, () => alice.text.delete(1, 1))
  bob.text.insert(2, beforeP)
  apply(bob, q, erasure)
  apply(alice, p, q)
  cut(alice, [typed, erasure], [p, q])
  cut(alice, [p, q])
  expect(alice.text.toString()).toBe('apqb')
  expect(bob.text.toString()).toBe(`aq${beforeP}pb`)
  return { alice, bob }
}

describe('what was typed between two that have changed places', () => {
  test('[LI5] does not follow one that the room has deleted', () => {
    const { alice, bob } = swapped()
    const erasure = change(alice, () => alice.text.delete(2, 1))
    bob.text.insert(2, 'xy')
    expect(bob.text.toString()).toBe('aqxypb')
    load(bob, alice, [erasure])
    expect(bob.text.toString()).toBe('axypb')
    apply(
      alice,
      change(bob, () => {}),
    )
    expect(alice.text.toString()).toBe('axypb')
  })

  test('[LI5] does not follow one that was deleted, and cut, where it was typed', () => {
    const { alice, bob } = swapped()
    bob.epochs.found('of Bob')
    cut(bob, [])
    cut(bob, [
      change(bob, () => bob.text.delete(1, 1)),
      change(bob, () => bob.text.insert(1, 'x')),
      change(bob, () => bob.text.insert(2, 'y')),
    ])
    expect(bob.text.toString()).toBe('axypb')
    load(bob, alice)
    expect(bob.text.toString()).toBe('axypb')
    apply(
      alice,
      change(bob, () => {}),
    )
    expect(alice.text.toString()).toBe('axypb')
  })

  test('[LI5] follows one that both still show', () => {
    const { alice, bob } = swapped()
    bob.text.insert(2, 'x')
    load(bob, alice)
    expect(bob.text.toString()).toBe('axpqb')
  })

  test('[LI5] stays beside the one that it was put beside, before it knew of the other', () => {
    const { alice, bob } = swapped({ beforeP: 'xy' })
    bob.text.insert(3, 'z')
    expect(bob.text.toString()).toBe('aqxzypb')
    load(bob, alice)
    expect(bob.text.toString()).toBe('axzypqb')
    apply(
      alice,
      change(bob, () => {}),
    )
    expect(alice.text.toString()).toBe('axzypqb')
  })

  test('[LI5] stays beside what bears the same name where cuts have flattened what it was put beside', () => {
    const { alice, bob } = swapped({ beforeP: 'xy' })
    bob.epochs.found('of Bob')
    cut(bob, [])
    load(bob, alice)
    expect(bob.text.toString()).toBe('axypqb')
    apply(
      alice,
      change(bob, () => {}),
    )
    expect(alice.text.toString()).toBe('axypqb')
  })
})

test('[LI5] what was typed behind both of two that have changed places stands behind both', () => {
  const { alice, bob } = swapped()
  bob.text.insert(3, 'xy')
  expect(bob.text.toString()).toBe('aqpxyb')
  load(bob, alice)
  expect(bob.text.toString()).toBe('apqxyb')
  apply(
    alice,
    change(bob, () => {}),
  )
  expect(alice.text.toString()).toBe('apqxyb')
})
