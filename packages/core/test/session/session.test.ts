/**
 * A session over a transport and a scheduler that the test holds in its hands.
 */
import { describe, expect, test } from 'vitest'
import {
  type LinkId,
  type News,
  type ReplicaConfig,
  type ReplicaId,
  type Scheduler,
  Session,
  type Transport,
  type TransportEvents,
  type TransportSession,
} from '../../src/index.js'
import { encodeMessage } from '../../src/wire/codec.js'
import type { Message } from '../../src/wire/messages.js'
import { decoded } from '../hand-driven-network.js'
import { bytes } from '../operations.js'
import { SharedSet } from '../shared-set.js'

class ManualScheduler implements Scheduler {
  time = 0
  private readonly tasks = new Set<{ at: number; task: () => void }>()

  now(): number {
    return this.time
  }

  at(time: number, task: () => void): () => void {
    const entry = { at: time, task }
    this.tasks.add(entry)
    return () => this.tasks.delete(entry)
  }

  pass(ms: number): void {
    const end = this.time + ms
    for (;;) {
      const [next] = [...this.tasks].sort((a, b) => a.at - b.at)
      if (!next || next.at > end) break
      this.tasks.delete(next)
      this.time = Math.max(this.time, next.at)
      next.task()
    }
    this.time = end
  }

  get pending(): number {
    return this.tasks.size
  }
}

/** One opened transport session: what it was told, and the events it can tell. */
class Line implements TransportSession {
  readonly self: ReplicaId
  readonly room: string
  readonly events: TransportEvents
  readonly calls: string[] = []
  readonly sent: [LinkId, Message][] = []
  isDestroyed = false

  constructor(room: string, self: ReplicaId, events: TransportEvents) {
    this.room = room
    this.self = self
    this.events = events
  }

  seek(): void {
    this.calls.push('seek')
  }
  greet(lineage: string | null): void {
    this.calls.push(`greet ${lineage}`)
  }
  dial(peer: ReplicaId): void {
    this.calls.push(`dial ${peer}`)
  }
  signalReceived(from: ReplicaId, negotiation: Uint8Array): void {
    this.calls.push(`signal from ${from}: ${negotiation.join()}`)
  }
  send(link: LinkId, frame: Uint8Array): void {
    this.sent.push([link, decoded(frame)])
  }
  close(link: LinkId, reason: string): void {
    this.calls.push(`close ${link}: ${reason}`)
  }
  destroy(): void {
    this.isDestroyed = true
  }
}

function start(
  options: { config?: Partial<ReplicaConfig>; onNews?: (news: News) => void; random?: number } = {},
) {
  const scheduler = new ManualScheduler()
  const lines: Line[] = []
  const news: News[] = []
  const errors: Error[] = []
  const rejoins: string[] = []
  const rendezvous: [boolean, string | undefined][] = []
  const transport: Transport = {
    open(room, self, events) {
      const line = new Line(room, self, events)
      lines.push(line)
      return line
    },
  }
  const set = new SharedSet('anna')
  let ids = 0
  const session = new Session({
    room: 'kitchen',
    transport,
    structure: set,
    scheduler,
    newReplicaId: () => `anna-${++ids}`,
    random: () => options.random ?? 0.5,
    config: { reportIntervalMs: 100, ...options.config },
    onNews(item) {
      news.push(item)
      options.onNews?.(item)
    },
    onRejoin: (reason) => rejoins.push(reason),
    onRendezvous: (reachable, reason) => rendezvous.push([reachable, reason]),
    onError: (error) => errors.push(error),
  })
  session.start()
  const line = () => lines.at(-1) as Line
  /** The other end of a link speaks. */
  const hear = (link: LinkId, message: Message) => line().events.message(link, encodeMessage(message))
  return { session, scheduler, lines, line, news, errors, rejoins, rendezvous, set, hear }
}

/** Makes the session lose its sponsor once. */
function failOnce({ line, hear }: ReturnType<typeof start>): void {
  line().events.linkUp(1)
  hear(1, { type: 'hello', replica: 'bert', lineage: 'bert', renumbers: false, signs: false, digest: 0 })
  line().events.linkDown(1, 'gone')
}

describe('a session', () => {
  test('opens the transport in the name of a new replica, and looks for the room', () => {
    const { line, session } = start()
    expect([line().room, line().self, line().calls]).toEqual(['kitchen', 'anna-1', ['seek']])
    expect(session.replica?.id).toBe('anna-1')
    session.start()
    expect(line().calls).toEqual(['seek'])
  })

  test('carries orders out and tells news', () => {
    const { line, news, session, set } = start()
    line().events.alone()
    expect(line().calls).toEqual(['seek', 'greet anna-1'])
    expect(news.map(({ type }) => type)).toEqual(['joined'])
    set.add('word')
    session.localChange()
    expect(news.map(({ type }) => type)).toEqual(['joined', 'snapshot'])
  })

  test('tells whether the rendezvous can be reached', () => {
    const { line, rendezvous } = start()
    line().events.rendezvous(false, 'no server')
    line().events.rendezvous(true)
    expect(rendezvous).toEqual([
      [false, 'no server'],
      [true, undefined],
    ])
  })

  test('counts the bytes of all messages', () => {
    const { line, hear, session } = start()
    line().events.linkUp(1)
    expect(session.bytesSent).toBe(encodeMessage(line().sent[0]?.[1] as Message).length)
    const hello = {
      type: 'hello',
      replica: 'bert',
      lineage: '',
      renumbers: false,
      signs: false,
      digest: 0,
    } as const
    hear(1, hello)
    expect(session.bytesReceived).toBe(encodeMessage(hello).length)
  })

  test('works off one input after the other: what an observer does becomes an input behind it', () => {
    const order: string[] = []
    const context = start({
      onNews(item) {
        if (item.type !== 'joined') return
        context.set.add('typed by an observer of joined')
        context.session.localChange()
        order.push(`in the observer: clock ${context.session.replica?.stats.clock}`)
      },
    })
    context.line().events.alone()
    order.push(`afterwards: clock ${context.session.replica?.stats.clock}`)
    expect(order).toEqual(['in the observer: clock 0', 'afterwards: clock 1'])
  })

  test('gives timers to the scheduler, one at a time, and none when it is over', () => {
    const { line, scheduler, session } = start()
    line().events.alone()
    line().events.linkUp(1)
    expect(scheduler.pending).toBe(1)
    scheduler.pass(1600)
    expect(line().sent.map(([, { type }]) => type)).toEqual(['hello', 'heartbeat'])
    session.stop(0)
    expect(scheduler.pending).toBe(0)
  })

  test('[OV7] publishes its presence whenever it is let in', () => {
    const { line, session } = start()
    session.setPresence(bytes(1))
    expect(session.replica?.room.presences.all.size).toBe(0)
    line().events.alone()
    expect(session.replica?.room.presences.all.get('anna-1')?.bytes).toEqual(bytes(1))
  })
})

describe('an identity that is over', () => {
  test('[JO1] is followed by another one, under an id that was never used', () => {
    const context = start()
    failOnce(context)
    expect(context.rejoins).toEqual(['the sponsor is gone'])
    expect(context.session.replica).toBeUndefined()
    context.scheduler.pass(200)
    expect(context.lines.map(({ self }) => self)).toEqual(['anna-1', 'anna-2'])
    expect(context.session.replica?.status).toBe('seeking')
  })

  test('[JO9] is remembered if it never was a member, and the next ones know', () => {
    const context = start()
    for (let i = 0; i < 3; i++) {
      failOnce(context)
      context.scheduler.pass(10_000)
    }
    expect(context.session.replica?.config.formerIds).toEqual(['anna-1', 'anna-2', 'anna-3'])
    for (let i = 0; i < 20; i++) {
      failOnce(context)
      context.scheduler.pass(20_000)
    }
    expect(context.session.replica?.config.formerIds).toHaveLength(16)
    expect(context.session.replica?.config.formerIds.at(-1)).toBe('anna-23')
  })

  test('[JO9] is not remembered if it was a member: its leave is its own', () => {
    const { session, line, lines } = start()
    line().events.alone()
    session.stop(0)
    session.start()
    expect(lines).toHaveLength(2)
    expect(session.replica?.config.formerIds).toEqual([])
  })

  test('[LI2] hands the structure over to the next, with all it has', () => {
    const { line, hear, set, session, scheduler, rejoins } = start()
    line().events.alone()
    set.add('word')
    session.localChange()
    line().events.linkUp(1)
    hear(1, { type: 'hello', replica: 'bert', lineage: 'aaron', renumbers: false, signs: false, digest: 0 })
    expect(rejoins).toEqual(['the room has another history'])
    scheduler.pass(10_000)
    expect(session.replica?.id).toBe('anna-2')
    expect(set.words).toEqual(['word'])
  })

  test('is followed later and later while it goes on failing, and at once after a success', () => {
    const context = start()
    const pauses: number[] = []
    for (let i = 0; i < 8; i++) {
      failOnce(context)
      const before = context.scheduler.time
      while (!context.session.replica) context.scheduler.pass(10)
      pauses.push(context.scheduler.time - before)
    }
    expect(pauses).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000])
  })

  test('does not wait for the same time as others that failed with it', () => {
    const [early, late] = [start({ random: 0 }), start({ random: 0.999 })]
    for (const context of [early, late]) {
      failOnce(context)
      context.scheduler.pass(150)
    }
    expect(early.session.replica).toBeDefined()
    expect(late.session.replica).toBeUndefined()
  })

  test('hears nothing any more, and its last words have a second to leave', () => {
    const context = start()
    const [old] = context.lines as [Line]
    failOnce(context)
    old.events.linkUp(2)
    old.events.alone()
    expect(old.sent.map(([link]) => link)).not.toContain(2)
    expect(old.isDestroyed).toBe(false)
    context.scheduler.pass(1000)
    expect(old.isDestroyed).toBe(true)
    expect(context.line().isDestroyed).toBe(false)
  })
})

describe('the end', () => {
  test('[LE1] stop leaves politely: leave goes to every neighbour, then everything is closed', () => {
    const { session, line, hear, scheduler, rejoins } = start()
    line().events.alone()
    line().events.linkUp(1)
    hear(1, { type: 'hello', replica: 'bert', lineage: '', renumbers: false, signs: false, digest: 0 })
    hear(1, { type: 'join-request', namings: [], origins: [], base: '', insists: false })
    scheduler.pass(0)
    hear(1, { type: 'installed', nonce: 1 })
    session.stop()
    const gossip = line().sent.flatMap(([, message]) => (message.type === 'gossip' ? message.operations : []))
    expect(gossip.at(-1)).toMatchObject({ kind: 'leave', who: 'anna-1' })
    expect(line().calls.slice(-2)).toEqual(['close 1: left the room', 'greet null'])
    expect(session.replica).toBeUndefined()
    expect(line().isDestroyed).toBe(false)
    scheduler.pass(60_000)
    expect(line().isDestroyed).toBe(true)
    expect(rejoins).toEqual([])
    expect(scheduler.pending).toBe(0)
  })

  test('stop while waiting to rejoin means that nobody rejoins', () => {
    const context = start()
    failOnce(context)
    context.session.stop()
    context.scheduler.pass(60_000)
    expect(context.lines).toHaveLength(1)
  })

  test('crash tells nobody', () => {
    const { session, line } = start()
    line().events.alone()
    line().events.linkUp(1)
    const before = line().sent.length
    session.crash()
    expect(line().sent).toHaveLength(before)
    expect(line().isDestroyed).toBe(true)
  })
})

describe('a broken invariant', () => {
  test('[WI3] is reported, never thrown at the application, and another identity follows', () => {
    const { session, line, set, errors, lines, scheduler } = start()
    line().events.alone()
    set.takeLocalChange = () => {
      throw new Error('the structure is broken')
    }
    session.localChange()
    expect(errors.map(({ message }) => message)).toEqual(['the structure is broken'])
    expect(session.replica).toBeUndefined()
    scheduler.pass(1000)
    expect(lines).toHaveLength(2)
  })
})
