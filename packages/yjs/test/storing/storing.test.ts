/** What is stored of a document is that document, whatever happens to it, and comes back to the room like it. */

import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import type { FullCompaction } from '../../src/epochs/full-compaction.js'
import { mostAdvanced, type StoredDocument } from '../../src/index.js'
import type { Replica } from '../epochs/replica.js'
import { Room } from '../epochs/room.js'
import { contentOf } from '../renumbering/content.js'
import { randomFrom } from '../renumbering/simulation.js'
import { Disk, restored } from './disk.js'

/** `SEEDS=from-to` looks at others than the usual ones. */
const [FIRST, LAST] = (process.env['SEEDS'] ?? '1-40').split('-').map(Number) as [number, number]

const shown = (doc: Y.Doc) => ({ tokens: doc.getText('tokens').toString(), ...contentOf(doc) })

function expectStored(disk: Disk, { doc, structure }: Pick<Replica, 'doc' | 'structure'>): StoredDocument {
  disk.writeAll()
  const { stored } = disk
  if (stored === undefined) throw new Error('Nothing is stored')
  const again = restored(stored)
  expect(shown(again.doc)).toEqual(shown(doc))
  expect(Y.encodeStateVector(again.doc)).toEqual(Y.encodeStateVector(doc))
  expect(stored.history?.namings).toEqual((structure.epochs as FullCompaction).kept.namings)
  again.structure.destroy()
  return stored
}

/** A document from what is stored, and from what others have stored, takes in what a member of the room holds. */
function comeBack(sponsor: Replica, all: readonly StoredDocument[]) {
  const orphans: Y.Doc[] = []
  const first = all[mostAdvanced(all)]
  if (first === undefined) throw new Error('Nothing is stored')
  const { doc, structure } = restored(first, (orphan) => orphans.push(orphan))
  const absorb = (other: StoredDocument) => expect(structure.storing.absorb(other)).toBeUndefined()
  const others = all.filter((one) => one !== first)
  const aside = others.filter((other) => !structure.storing.meansSame(other))
  for (const other of others) if (!aside.includes(other)) absorb(other)
  structure.beginLoad()
  structure.epochs?.enter(sponsor.epochs.namings)
  const pieces = sponsor.structure.encodeState(200, 0)
  for (let next = pieces.next(); !next.done; next = pieces.next()) {
    expect(structure.loadPiece(next.value.bytes)).toBeUndefined()
  }
  for (const { payload, epoch, origin, through } of sponsor.log) {
    if (through === undefined) expect(structure.apply(payload, epoch, origin)).toBeUndefined()
  }
  structure.endLoad()
  for (const other of aside) absorb(other)
  expect(orphans).toEqual([])
  expect(shown(doc)).toEqual(sponsor.content())
  expect(structure.takeLocalChange()).toBeUndefined()
}

function schedule(seed: number) {
  const random = randomFrom(seed)
  const room = new Room(random).open()
  const disks = new Map<Replica, Disk>()
  const earlier: StoredDocument[] = []
  /** What the partitions of one device held at one moment, each as far as it had come. */
  const devices: StoredDocument[][] = []
  const total = { rewritings: 0, vain: 0 }
  const steps = 40 + Math.floor(random() * 60)
  for (let step = 0; step < steps; step++) {
    room.run(1, { returns: true })
    for (const replica of room.replicas) {
      const disk = disks.get(replica) ?? new Disk(replica.structure)
      disks.set(replica, disk)
      const kind = random()
      if (kind < 0.5) disk.write(Math.floor(random() * 4))
      else if (kind < 0.6) earlier.push(expectStored(disk, replica))
      // As it is, in the middle of a rewriting or long ago.
      else if (kind < 0.65 && disk.stored !== undefined) earlier.push(disk.stored)
    }
    if (random() < 0.2) {
      const pages = [...disks.values()].filter(() => random() < 0.5)
      devices.push(pages.flatMap(({ stored }) => stored ?? []))
    }
  }
  room.settle()
  room.check()
  for (const [replica, disk] of disks) {
    expectStored(disk, replica)
    total.rewritings += disk.rewritings
    total.vain += disk.vain
  }
  const [sponsor] = room.members
  if (sponsor === undefined) throw new Error('Nobody is left')
  // Everybody has everything: of what was stored at any moment nothing can be new, and nothing may come twice.
  for (const stored of earlier) comeBack(sponsor, [stored])
  for (const partitions of devices) if (partitions.length > 0) comeBack(sponsor, partitions)
  return { ...total, comebacks: earlier.length }
}

describe('in random rooms', () => {
  test('what is stored is the document, and brings nothing back that the room has', {
    timeout: 300_000,
  }, () => {
    const total = { rewritings: 0, vain: 0, comebacks: 0 }
    for (let seed = FIRST; seed <= LAST; seed++) {
      try {
        const found = schedule(seed)
        total.rewritings += found.rewritings
        total.vain += found.vain
        total.comebacks += found.comebacks
      } catch (error) {
        throw new Error(`Seed ${seed}: ${error instanceof Error ? error.stack : error}`, { cause: error })
      }
    }
    expect(total.rewritings).toBeGreaterThan(3 * (LAST - FIRST))
    expect(total.vain).toBeGreaterThan(0)
    expect(total.comebacks).toBeGreaterThan(10 * (LAST - FIRST))
  })
})
