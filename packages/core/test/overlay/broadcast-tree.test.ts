import { describe, expect, test } from 'vitest'
import { BroadcastTree } from '../../src/overlay/broadcast-tree.js'

describe('the broadcast tree', () => {
  test('[OV4] keeps the link by which an author is heard first, and declines the later ones, once', () => {
    const tree = new BroadcastTree()
    expect(tree.delivered('anna', 1)).toBe(false)
    expect(tree.repeated('anna', 2)).toBe(2)
    expect(tree.repeated('anna', 2)).toBeUndefined()
    expect(tree.repeated('anna', 1)).toBeUndefined()
    expect(tree.routeTo('anna')).toBe(1)
  })

  test('[OV4] prefers what an author pushes itself, whether that comes first or later', () => {
    const direct = { isDirect: true }
    const tree = new BroadcastTree()
    tree.delivered('anna', 2)
    expect(tree.delivered('anna', 1, direct)).toBe(false)
    expect(tree.routeTo('anna')).toBe(1)
    expect(tree.repeated('anna', 2)).toBe(2)

    tree.delivered('bert', 2)
    expect(tree.repeated('bert', 1, direct)).toBe(2)
    expect(tree.routeTo('bert')).toBe(1)
    expect(tree.repeated('bert', 1, direct)).toBeUndefined()
    // What the other one had sent before it heard of that changes nothing; what had to be asked for does.
    expect(tree.delivered('bert', 2)).toBe(false)
    expect(tree.routeTo('bert')).toBe(1)
    expect(tree.delivered('bert', 2, { wasAskedFor: true })).toBe(true)
    expect(tree.routeTo('bert')).toBe(2)
  })

  test('[OV4] does not count on an author that it has asked to stop', () => {
    const tree = new BroadcastTree()
    tree.delivered('anna', 2)
    tree.repeated('anna', 1)
    // On its way already when the other end heard of it.
    expect(tree.repeated('anna', 1, { isDirect: true })).toBeUndefined()
    expect(tree.routeTo('anna')).toBe(2)
  })

  test('[OV4] has one tree per author', () => {
    const tree = new BroadcastTree()
    tree.delivered('anna', 1)
    tree.delivered('bert', 2)
    tree.pruned(1, ['bert'])
    expect(tree.wants(1, 'bert')).toBe(false)
    expect(tree.wants(1, 'anna')).toBe(true)
    expect(tree.wants(2, 'bert')).toBe(true)
    expect(tree.routeTo('bert')).toBe(2)
  })

  test('[OV5] asks again for a branch that was declined and turns out to have what is missing', () => {
    const tree = new BroadcastTree()
    tree.delivered('anna', 1)
    tree.repeated('anna', 2)
    expect(tree.delivered('anna', 2, { wasAskedFor: true })).toBe(true)
    expect(tree.routeTo('anna')).toBe(2)
    expect(tree.delivered('anna', 2)).toBe(false)
  })

  test('[OV4] does not turn to a branch by what was on its way when that was declined', () => {
    const tree = new BroadcastTree()
    tree.delivered('anna', 1)
    tree.repeated('anna', 2)
    expect(tree.delivered('anna', 2)).toBe(false)
    expect(tree.routeTo('anna')).toBe(1)
    expect(tree.repeated('anna', 1)).toBeUndefined()
  })

  test('[OV4] two that get news by way of each other do not end with nobody to get them from', () => {
    // Anna's news one and two come to Bert (links: 1 to Cleo, 2 to others) and Cleo (1 to Bert, 2 to others).
    const [bert, cleo] = [new BroadcastTree(), new BroadcastTree()]
    bert.delivered('anna', 2)
    cleo.delivered('anna', 2)
    expect(bert.repeated('anna', 1)).toBe(1)
    expect(cleo.repeated('anna', 1)).toBe(1)
    // Two more of them have left before that was heard, and are quicker than those of the others.
    expect([bert.delivered('anna', 1), cleo.delivered('anna', 1)]).toEqual([false, false])
    expect([bert.repeated('anna', 2), cleo.repeated('anna', 2)]).toEqual([undefined, undefined])
    expect([bert.routeTo('anna'), cleo.routeTo('anna')]).toEqual([2, 2])
  })

  test('[OV4] keeps the first link by which somebody is told of, if only of what is known', () => {
    const tree = new BroadcastTree()
    expect(tree.repeated('anna', 1)).toBeUndefined()
    expect(tree.repeated('anna', 2)).toBe(2)
    expect(tree.routeTo('anna')).toBe(1)
  })

  test('[OV5] asks again for a branch whose news had to be asked for, if they were to be pushed from there', () => {
    const tree = new BroadcastTree()
    tree.delivered('anna', 1)
    // The other end has heard that we declined it after it heard that we want it again.
    expect(tree.delivered('anna', 1, { wasAskedFor: true })).toBe(true)
    expect(tree.delivered('anna', 2, { wasAskedFor: true })).toBe(false)
    expect(tree.delivered('anna', 1)).toBe(false)
  })

  test('[OV5] when a branch breaks, asks those that were declined for its authors, and nobody else', () => {
    const tree = new BroadcastTree()
    tree.delivered('anna', 1)
    tree.delivered('bert', 2)
    tree.repeated('anna', 3)
    tree.repeated('bert', 4)
    expect(tree.linkDown(1)).toEqual([3])
    expect(tree.routeTo('anna')).toBeUndefined()
    expect(tree.routeTo('bert')).toBe(2)
    expect(tree.repeated('anna', 3)).toBeUndefined()
    expect(tree.routeTo('anna')).toBe(3)
  })

  test('[OV5] when the link breaks by which news came before those of the parent, asks as well', () => {
    const tree = new BroadcastTree()
    tree.delivered('anna', 1)
    tree.repeated('anna', 2)
    tree.delivered('anna', 3)
    expect(tree.routeTo('anna')).toBe(1)
    expect(tree.linkDown(3)).toEqual([2])
    // The parent may wait for us: whoever is next to push takes its place, and until then it is still the way there.
    expect(tree.routeTo('anna')).toBe(1)
    expect(tree.repeated('anna', 2)).toBeUndefined()
    expect(tree.routeTo('anna')).toBe(2)
    tree.linkDown(2)
    expect(tree.routeTo('anna')).toBeUndefined()
  })

  test('[OV5] a graft takes back a prune: of these authors, or of all', () => {
    const tree = new BroadcastTree()
    tree.pruned(1, ['anna', 'bert', 'cleo'])
    tree.grafted(1, ['anna'])
    expect(['anna', 'bert', 'cleo'].map((author) => tree.wants(1, author))).toEqual([true, false, false])
    tree.grafted(1, [])
    expect(['anna', 'bert', 'cleo'].map((author) => tree.wants(1, author))).toEqual([true, true, true])
  })

  test('[LE1] forgets an author that left', () => {
    const tree = new BroadcastTree()
    tree.delivered('anna', 1)
    tree.repeated('anna', 2)
    tree.pruned(3, ['anna'])
    tree.forget('anna')
    expect(tree.routeTo('anna')).toBeUndefined()
    expect(tree.wants(3, 'anna')).toBe(true)
    expect(tree.linkDown(1)).toEqual([])
  })
})
