/**
 * Updates that a member makes by hand, in a room of real providers: valid as far as a decoder can tell, and never made by a
 * document.
 */
import * as encoding from 'lib0/encoding'
import { afterEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { Room, type Site } from './room.js'

let room: Room | undefined
afterEach(() => room?.destroy())

function open(compaction: 'full' | 'log'): { room: Room; ada: Site; ben: Site; mallory: Site } {
  const made = new Room()
  room = made
  const ada = made.open({ compaction, content: 'hello' })
  made.settle(500)
  const ben = made.open({ compaction })
  made.settle(500)
  const mallory = made.open({ compaction })
  made.settle()
  return { room: made, ada, ben, mallory }
}

/** Makes an operation of these bytes, as if the own document had written them. */
function author(site: Site, payload: Uint8Array): void {
  const { session } = site.provider as unknown as {
    session: { replica: { room: { author(body: object): void } } }
  }
  session.replica.room.author({ kind: 'update', payload })
  site.doc.getMap('nothing').set('n', site.doc.clientID)
}

function update(
  client: number,
  clock: number,
  write: (out: Y.UpdateEncoderV1) => void,
  deletes: readonly [client: number, clock: number, length: number][] = [],
): Uint8Array {
  const out = new Y.UpdateEncoderV1()
  encoding.writeVarUint(out.restEncoder, 1)
  encoding.writeVarUint(out.restEncoder, 1)
  out.writeClient(client)
  encoding.writeVarUint(out.restEncoder, clock)
  write(out)
  encoding.writeVarUint(out.restEncoder, deletes.length)
  for (const [of, at, length] of deletes) {
    encoding.writeVarUint(out.restEncoder, of)
    encoding.writeVarUint(out.restEncoder, 1)
    encoding.writeVarUint(out.restEncoder, at)
    encoding.writeVarUint(out.restEncoder, length)
  }
  return out.toUint8Array()
}

const text = (left: Y.ID, right: Y.ID | undefined, what: string) => (out: Y.UpdateEncoderV1) => {
  out.writeInfo(4 | 0x80 | (right ? 0x40 : 0))
  out.writeLeftID(left)
  if (right) out.writeRightID(right)
  out.writeString(what)
}

/** Of a character that is shown. */
function idAt({ text: of }: Site, index: number): Y.ID {
  const position = Y.createRelativePositionFromTypeIndex(of, index)
  if (!position.item) throw new Error(`no character at ${index}`)
  return position.item
}

describe.each(['full', 'log'] as const)('with compaction %s', (compaction) => {
  test('a client id that somebody else uses up is given up, and what is typed under the next one is whole', () => {
    const { room: one, ada, ben, mallory } = open(compaction)
    const used = ada.doc.clientID
    ada.text.insert(5, ' there')
    one.settle()
    const next = Y.getState(ada.doc.store, used)
    author(
      mallory,
      update(used, next, (out) => {
        out.writeInfo(0)
        out.writeLen(10 ** 9)
      }),
    )
    one.settle()
    ada.text.insert(ada.text.length, ', and all of you')
    one.settle()
    expect(ada.doc.clientID).not.toBe(used)
    for (const site of [ada, ben]) expect(site.text.toString()).toBe('hello there, and all of you')
  })

  test('a GC struct of length 0 costs its link, and is known to nobody else', () => {
    const { room: one, ada, ben, mallory } = open(compaction)
    author(mallory, Uint8Array.of(1, 1, 5, 0, 0, 0, 0))
    one.settle(300)
    const told = [...ada.errors, ...ben.errors].map(({ message }) => message)
    expect(told.length).toBeGreaterThan(0)
    for (const message of told) expect(message).toMatch(/refused something from .*is empty/)
    const newcomer = one.open({ compaction })
    ada.text.insert(0, 'Oh, ')
    one.settle(20_000)
    for (const site of [ada, ben, newcomer]) expect(site.text.toString()).toBe('Oh, hello')
  })
})

test('of neighbours that have changed places all show the same, and newcomers too', () => {
  const { room: one, ada, ben, mallory } = open('full')
  one.cut(ada)
  const payload = update(
    mallory.doc.clientID,
    Y.getState(mallory.doc.store, mallory.doc.clientID),
    text(idAt(ada, 3), idAt(ada, 1), 'X'),
  )
  author(mallory, payload)
  ben.text.insert(2, 'b')
  ada.text.insert(3, 'a')
  one.settle()
  const newcomer = one.open({})
  one.settle()
  expect(ben.text.toString()).toBe(ada.text.toString())
  expect(newcomer.text.toString()).toBe(ada.text.toString())
})

test('what was named without having been seen: who has it not refuses it, and after the next cut all agree', () => {
  const { room: one, ada, ben, mallory } = open('full')
  one.network.partition([ada.transport], [ben.transport, mallory.transport])
  ada.text.insert(5, '!')
  one.settle(100)
  const unseen = idAt(ada, 5)
  const clock = Y.getState(mallory.doc.store, mallory.doc.clientID)
  author(mallory, update(mallory.doc.clientID, clock, text(unseen, undefined, 'X')))
  one.settle(500)
  one.network.heal()
  one.settle(10_000)
  one.network.crash(mallory.transport)
  ada.text.insert(0, 'Well, ')
  one.settle(60_000)
  ada.provider.compact().catch(() => {})
  one.settle(30_000)
  const newcomer = one.open({})
  one.settle(10_000)
  expect(ada.text.toString()).toMatch(/^Well, hello!X?$/)
  expect(ben.text.toString()).toBe(ada.text.toString())
  expect(newcomer.text.toString()).toBe(ada.text.toString())
  const faults = [ada, ben].flatMap(({ errors }) => errors.map(({ message }) => message))
  for (const message of faults) expect(message).toMatch(/refused something/)
})
