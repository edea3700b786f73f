/**
 * A room of three to be attacked: Anna and Bert are honest, and Mona's link is where hostile frames come from. Before that
 * it has lived: somebody joined and left, somebody crashed and was evicted, history was cut.
 *
 * Mona's own software is honest, too, but from some moment on what she makes is kept back: frames that nobody has seen yet,
 * right for this very moment. Changed a little, they get further than frames made up.
 */
import { decodeMessage, type Message } from '@tidemark/core/wire'
import { MemoryNetwork, VirtualScheduler } from 'tidemark/testing'
import * as Y from 'yjs'
import { Member } from './member.js'
import { reseed } from './randomness.js'
import { STRANGER } from './stranger.js'

/** Epoch 0; after a cut; the document's ids left alone; after an eviction. */
export const ROOM_KINDS = ['young', 'cut', 'log', 'evicted'] as const
export type RoomKind = (typeof ROOM_KINDS)[number]

/** What keeps a link alive. */
const UNSUSPICIOUS: ReadonlySet<Message['type']> = new Set(['hello', 'heartbeat', 'relay', 'probe'])

const ANNA = 11
const BERT = 22
const MONA = 33
/** So many frames of each type are kept of what went over the links while the room grew. */
const FRAMES_PER_TYPE = 12

export class LiveRoom {
  readonly kind: RoomKind
  readonly scheduler = new VirtualScheduler()
  readonly network: MemoryNetwork
  readonly anna: Member
  readonly bert: Member
  readonly mona: Member
  /** What went over the links while the room grew. */
  readonly past: Uint8Array[] = []
  /** What Mona has to say, and nobody has heard. */
  readonly fresh: Uint8Array[] = []
  /** Of those who have left or vanished. */
  readonly formerIds: string[] = []
  private readonly others: Member[] = []
  private readonly counts = new Map<Message['type'], number>()
  private newcomers = 0

  constructor(kind: RoomKind) {
    reseed(1 + ROOM_KINDS.indexOf(kind))
    this.kind = kind
    this.network = new MemoryNetwork({ scheduler: this.scheduler, seed: 1 })
    this.anna = this.open(ANNA)
    this.advance(500)
    this.bert = this.open(BERT)
    this.advance(500)
    this.mona = this.open(MONA)
    this.advance(500)
    this.grow()
    this.keepMonasWords()
  }

  get honest(): readonly Member[] {
    return [this.anna, this.bert]
  }

  get compaction(): 'full' | 'log' {
    return this.kind === 'log' ? 'log' : 'full'
  }

  open(name: number, content = ''): Member {
    const member = new Member(name, this.network, this.scheduler, this.compaction, content)
    member.transport.onSend = ({ bytes }) => {
      this.record(bytes)
      return true
    }
    member.isHostile = (id) => id === this.mona?.id || id === STRANGER
    this.others.push(member)
    return member
  }

  /** Somebody who has never been here. */
  newcomer(): Member {
    return this.open(1000 + this.newcomers++)
  }

  advance(ms: number): void {
    this.scheduler.advance(ms)
  }

  /** @returns whether it came true in time. */
  until(isSo: () => boolean, patienceMs = 20_000): boolean {
    const end = this.scheduler.now() + patienceMs
    while (!isSo()) {
      if (this.scheduler.now() > end) return false
      this.scheduler.advance(20)
    }
    return true
  }

  destroy(): void {
    for (const member of this.others) member.provider.destroy()
  }

  private record(bytes: Uint8Array): void {
    const decoded = decodeMessage(bytes)
    if (!decoded.ok) return
    const { type } = decoded.message
    const count = this.counts.get(type) ?? 0
    if (count >= FRAMES_PER_TYPE) return
    this.counts.set(type, count + 1)
    this.past.push(bytes)
  }

  // ------------------------------------------------------------------ its life so far

  private grow(): void {
    const { anna, bert, mona } = this
    anna.text.insert(0, 'Anna wrote this. ')
    bert.text.insert(0, 'Bert wrote that. ')
    bert.map.set('bert', { likes: ['tea', 3] })
    mona.text.insert(0, 'Mona was here. ')
    anna.provider.awareness.setLocalState({
      name: 'Anna',
      cursor: Y.createRelativePositionFromTypeIndex(anna.text, 3),
    })
    this.advance(1500)
    const carl = this.open(44, 'Carl came along. ')
    this.advance(1000)
    anna.text.format(0, 4, { bold: true })
    bert.list.push(['one', 'two', new Y.Map([['deep', new Y.Text('er')]])])
    carl.list.delete(0, carl.list.length > 0 ? 1 : 0)
    mona.map.set('mona', 1)
    this.advance(1000)
    this.formerIds.push(carl.id)
    carl.provider.disconnect()
    this.advance(1000)
    if (this.kind === 'cut' || this.kind === 'evicted') this.cut()
    if (this.kind === 'evicted') this.evictSomebody()
    anna.text.insert(5, 'again ')
    bert.text.delete(0, 5)
    mona.text.insert(mona.text.length, ' And on.')
    this.advance(3000)
  }

  private cut(): void {
    const { anna, bert, mona } = this
    anna.provider.compact().catch(() => {})
    if (!this.until(() => [anna, bert, mona].every(({ provider }) => provider.epoch === 1)))
      throw new Error('the room to be attacked was not cut')
    this.advance(3000)
  }

  private evictSomebody(): void {
    const dora = this.open(55)
    this.advance(1000)
    dora.text.insert(0, 'Dora is about to vanish. ')
    this.advance(200)
    this.network.crash(dora.memory)
    this.anna.text.insert(0, 'Is Dora there? ')
    const { id } = dora
    this.formerIds.push(id)
    if (!this.until(() => this.honest.every(({ provider }) => !provider.members.includes(id)), 60_000))
      throw new Error('nobody was evicted from the room to be attacked')
    this.advance(3000)
  }

  private keepMonasWords(): void {
    const { mona, fresh } = this
    const kept: Uint8Array[] = []
    mona.transport.onSend = ({ bytes }) => {
      const decoded = decodeMessage(bytes)
      if (!decoded.ok || decoded.message.type !== 'gossip') return true
      kept.push(bytes)
      return false
    }
    // Her own software would take what is said on her link for somebody else's doing.
    mona.transport.onReceive = (bytes) => {
      const decoded = decodeMessage(bytes)
      return decoded.ok && UNSUSPICIOUS.has(decoded.message.type)
    }
    mona.text.insert(0, 'new ')
    this.advance(30)
    mona.map.set('list', new Y.Array())
    mona.text.delete(8, 9)
    this.advance(30)
    mona.text.format(2, 6, { link: 'x' })
    mona.list.insert(0, [new Y.Map([['a', 1]]), 'b'])
    this.advance(30)
    mona.provider.awareness.setLocalState({ name: 'Mona' })
    mona.provider.compact().catch(() => {})
    this.advance(1000)
    mona.text.insert(3, '!')
    this.advance(30)
    // The same goes to Anna and to Bert.
    const known = new Set<string>()
    for (const bytes of kept) {
      const name = bytes.join()
      if (!known.has(name)) fresh.push(bytes)
      known.add(name)
    }
  }
}
