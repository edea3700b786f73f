/**
 * A room of honest members and one that lies, then the honest by themselves, and then the question whether they are one room that
 * has lost nothing of what they wrote. One seed is one story.
 */
import type { ReplicaId } from '@tidemark/core'
import { memoryNetwork, VirtualScheduler } from 'tidemark/testing'
import { Random } from '../random.js'
import { Liar } from './liar.js'
import { Member, type Surroundings } from './member.js'

const OTHERS = ['bert', 'cleo', 'dora']
const LATECOMERS = ['emil', 'frida']
const JITTERS_MS = [0, 20, 200]
const LYING_MS = 20_000
/** Somebody who crashed is to be evicted meanwhile. */
const LONG_MS = 120_000
/** In the first half somebody writes now and then: who wants nothing settled would not notice that nothing is. */
const PEACE_MS = 300_000
const BREATH_MS = 10_000
/** More than any story needs: what goes on longer goes on for ever. */
const MAX_STEPS = 300_000

export interface Verdict {
  readonly seed: number
  /** What must not have happened; empty if all is well. */
  readonly faults: readonly string[]
  /** How often the honest raised an alarm, and started over. */
  readonly alarms: number
  readonly restarts: number
}

/** @param tell is told what happens, line by line. */
export function play(seed: number, tell: (line: string) => void = () => {}): Verdict {
  const story = new Story(seed, tell)
  try {
    story.gather()
    story.lie()
    story.makePeace()
    story.judge()
  } catch (error) {
    story.fault(error instanceof Error ? error.message : String(error))
  }
  return story.verdict
}

class Story implements Surroundings {
  readonly scheduler = new VirtualScheduler()
  readonly random: Random
  private readonly seed: number
  private readonly listener: (line: string) => void
  private readonly network
  private readonly faults: string[] = []
  private readonly typed: string[] = []
  /** The honest, those that have left included. */
  private readonly honest: Member[] = []
  private readonly present = new Set<Member>()
  private readonly transports = new Map<Member, ReturnType<ReturnType<typeof memoryNetwork>['transport']>>()
  private readonly suspect: Member
  private readonly suspectsTransport
  private steps = 0

  constructor(seed: number, listener: (line: string) => void) {
    this.seed = seed
    this.listener = listener
    this.random = new Random(seed, 1)
    const { random, scheduler } = this
    this.network = memoryNetwork({ seed, scheduler, latencyMs: 5, jitterMs: random.pick(JITTERS_MS) ?? 0 })
    this.suspectsTransport = this.network.transport()
    this.suspect = new Member('mona', this.suspectsTransport, this)
  }

  tell = (line: string): void => this.listener(`${(this.scheduler.now() / 1000).toFixed(3)} s  ${line}`)

  fault = (what: string): void => {
    this.faults.push(what)
  }

  get verdict(): Verdict {
    const { seed, faults, honest } = this
    const sum = (of: (member: Member) => number) => honest.reduce((total, member) => total + of(member), 0)
    return { seed, faults, alarms: sum(({ alarms }) => alarms), restarts: sum(({ restarts }) => restarts) }
  }

  /** The liar comes second, so that some of the others are let in by it. */
  gather(): void {
    const { random } = this
    this.add('anna')
    this.pass(3000)
    this.suspect.session.start()
    this.pass(random.between(1, 3000))
    for (const name of OTHERS) {
      this.add(name)
      this.pass(random.between(1, 1500))
    }
    this.pass(3000)
    if (![this.suspect, ...this.honest].every(({ isMember }) => isMember))
      throw new Error('no room came about')
  }

  lie(): void {
    const { random, scheduler, suspect, present } = this
    const { replica } = suspect.session
    if (!replica) throw new Error('nobody lies')
    const liar = new Liar(replica, suspect, random, () => this.somebody().session.replica)
    suspect.speakFor(liar)
    let late = 0
    const crashed = random.chance(0.3) ? this.crash() : undefined
    liar.isContrary = crashed !== undefined
    const end = scheduler.now() + (crashed ? LONG_MS : LYING_MS)
    while (scheduler.now() < end) {
      this.pass(random.between(1, 400))
      liar.live()
      if (random.chance(0.5)) liar.lie()
      else this.type(this.somebody())
      const leaver = this.somebody()
      // Who is linked to nobody honest takes with it what only it has.
      if (random.chance(0.01) && present.size > 2 && leaver.isMember && this.isLinked(leaver)) {
        this.tell(`${leaver.name} leaves`)
        present.delete(leaver)
        leaver.session.stop()
      }
      // It does not know of what went before, whoever lets it in.
      const newcomer = LATECOMERS[late]
      if (random.chance(0.01) && newcomer !== undefined) {
        this.add(newcomer)
        late++
      }
    }
    if (crashed !== undefined) this.mustBeEvicted(crashed)
    this.network.crash(this.suspectsTransport)
  }

  private isLinked(member: Member): boolean {
    const linked = new Set(member.peers.values())
    return [...this.present].some(({ session }) => session.replica && linked.has(session.replica.id))
  }

  /** Somebody honest is gone, whatever only it had with it. */
  private crash(): ReplicaId | undefined {
    this.pass(BREATH_MS)
    const member = this.somebody()
    const id = member.session.replica?.id
    this.tell(`${member.name} crashes`)
    this.present.delete(member)
    this.network.crash(this.transports.get(member) ?? this.suspectsTransport)
    // Nobody hears of that any more.
    member.session.stop()
    return id
  }

  /** However many ballots there are beside those of the honest. */
  private mustBeEvicted(crashed: ReplicaId): void {
    const stillThere = [...this.present].filter(({ session }) => session.replica?.members.includes(crashed))
    for (const { name } of stillThere) this.fault(`${name} has not got rid of ${crashed}`)
  }

  makePeace(): void {
    this.tell('peace')
    for (let passed = 0; passed < PEACE_MS; passed += BREATH_MS) {
      this.pass(BREATH_MS)
      if (passed < PEACE_MS / 2) this.type(this.somebody())
    }
  }

  judge(): void {
    const contents = new Set<string>()
    const lineages = new Set<string>()
    for (const member of this.present) {
      this.judgeOne(member)
      contents.add(member.set.words.join())
      lineages.add(member.session.replica?.room.lineage ?? '')
    }
    if (contents.size > 1) this.fault(`${contents.size} contents`)
    if (lineages.size > 1) this.fault(`${lineages.size} rooms`)
  }

  private judgeOne({ name, session, set }: Member): void {
    const { replica } = session
    if (replica?.status !== 'member') return this.fault(`${name} is ${replica?.status} in the end`)
    const { point, clock } = replica.room.history
    if (point < clock) this.fault(`${name} has not got beyond ${point} of ${clock}`)
    if (replica.members.length !== this.present.size) this.fault(`${name} knows ${replica.members}`)
    const lost = this.typed.filter((word) => !set.has(word))
    if (lost.length > 0) this.fault(`${name} has lost ${lost}`)
  }

  private add(name: string): void {
    const transport = this.network.transport()
    const member = new Member(name, transport, this)
    this.transports.set(member, transport)
    this.honest.push(member)
    this.present.add(member)
    member.session.start()
  }

  private somebody(): Member {
    return this.random.pick([...this.present]) as Member
  }

  private type(member: Member): void {
    const word = `${member.name}-${this.typed.length}`
    this.typed.push(word)
    member.type(word)
  }

  private pass(ms: number): void {
    const { scheduler } = this
    const end = scheduler.now() + ms
    for (let next = scheduler.nextTime; next !== undefined && next <= end; next = scheduler.nextTime) {
      scheduler.step()
      if (++this.steps > MAX_STEPS) throw new Error(`no end after ${MAX_STEPS} steps`)
    }
    scheduler.advance(end - scheduler.now())
  }
}
