/**
 * One attack on a room that lives: the frames are said, and what became of the honest is judged.
 */
import { decodeMessage } from '@tidemark/core/wire'
import type { Attack } from './attack.js'
import { fitting } from './fitting.js'
import type { LiveRoom } from './live-room.js'
import { differences, type Member, type Standing } from './member.js'
import { frameOf, type Material } from './mutation.js'
import { STRANGER, Stranger } from './stranger.js'
import { type Claim, claimOf, illegitimate } from './verdict.js'

export interface Outcome {
  /** What went wrong; empty if all is as it should be. */
  readonly violations: string[]
  readonly claims: readonly Claim[]
  /** The room is not any more what it was: the next attack needs another one. */
  readonly hasChanged: boolean
  readonly bytes: number
  /** Of processor time, for all that the frames set in motion. */
  readonly cpuMs: number
}

/** A message to the target, what that says to others because of it, and their answers. */
const REACTION_MS = 4

/** In which neighbours notice that they hold different things, and exchange them. */
const AFTERMATH_MS = 6000

export function assault(room: LiveRoom, attack: Attack): Outcome {
  const target = room.honest[attack.target % room.honest.length] as Member
  const speaker = speakerOf(room, attack, target)
  const violations: string[] = []
  const claims: Claim[] = []
  let hasChanged = false
  let bytes = 0
  let cpuMs = 0
  let before = standings(room)
  for (const step of attack.steps) {
    if (!speaker.isLinked) break
    const frame = frameOf(step, materialOf(room, target))
    bytes += frame.length
    const claim = claimOf(decodeMessage(frame), speaker.id, before[attack.target % 2] as Standing)
    if (!attack.isUpsetting && (claim === 'forgery' || claim === 'believed')) continue
    claims.push(claim)
    const startedAt = performance.now()
    try {
      speaker.say(frame)
      room.advance(REACTION_MS)
    } catch (error) {
      violations.push(`thrown: ${(error as Error).stack}`)
    }
    cpuMs = Math.max(cpuMs, performance.now() - startedAt)
    const after = standings(room)
    const made = new Map(after.map(({ id, applied }) => [id ?? '', applied.get(id ?? '') ?? 0]))
    for (const [index, member] of room.honest.entries()) {
      const [then, now] = [before[index] as Standing, after[index] as Standing]
      violations.push(
        ...illegitimate(claim, speaker.id, then, now, made, before).map((what) => `${name(index)}: ${what}`),
      )
      violations.push(...member.faults.map((error) => `${name(index)} raised ${error.stack}`))
      if (differences(then, now).some((what) => !what.startsWith('reports of ') || claim !== 'own'))
        hasChanged = true
    }
    if (claim === 'malformed' && speaker.isLinked) violations.push('a malformed frame did not cost its link')
    before = after
    if (violations.length > 0) break
  }
  speaker.leave()
  // What the honest tell each other of it later must not be taken for the doing of the next one.
  if (hasChanged) room.advance(AFTERMATH_MS)
  return { violations, claims, hasChanged, bytes, cpuMs }
}

function standings(room: LiveRoom): Standing[] {
  return room.honest.map(({ standing }) => standing)
}

const name = (index: number) => (index === 0 ? 'Anna' : 'Bert')

function materialOf(room: LiveRoom, target: Member): Material {
  const { anna, bert, mona, fresh, past } = room
  const ids = [anna.id, bert.id, mona.id, 'nobody-knows-me', STRANGER, ...room.formerIds]
  const fit = (frame: Uint8Array, choice: number) =>
    fitting(frame, target, mona.id, mona.doc.clientID, choice)
  return { fresh, fit, past, ids, store: target.doc.store }
}

/** Linked to one of the honest: whom the rendezvous leads to is left to chance. */
function newStranger(room: LiveRoom): Stranger {
  for (let tries = 0; ; tries++) {
    const stranger = new Stranger(STRANGER, room.network)
    room.until(() => stranger.isLinked)
    if (stranger.peer !== room.mona.id || tries === 20) return stranger
    stranger.leave()
  }
}

interface Speaker {
  readonly id: string
  readonly isLinked: boolean
  say(frame: Uint8Array): void
  leave(): void
}

function speakerOf(room: LiveRoom, { route, target: index }: Attack, target: Member): Speaker {
  if (route === 'stranger') {
    const stranger = newStranger(room)
    if (index === 0) stranger.introduce(room.compaction === 'full')
    room.advance(REACTION_MS)
    return stranger
  }
  const { mona } = room
  room.until(() => target.transport.isLinkedTo(mona.id) && mona.transport.isLinkedTo(target.id))
  return {
    id: mona.id,
    get isLinked() {
      return mona.transport.isLinkedTo(target.id) && target.transport.isLinkedTo(mona.id)
    },
    say: (frame) => mona.transport.forge(target.id, frame),
    leave: () => {},
  }
}
