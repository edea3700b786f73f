/**
 * What a hostile frame may do, and what it must not.
 *
 * - What does not decode changes nothing, at nobody, and costs its link.
 * - What decodes counts for the very peer that says it: its own operations, reports and presences, and whom it lets in.
 *   Nobody else's version, membership or identity changes; content changes only by operations of that peer.
 * - Time goes by meanwhile, and the honest do what they do by themselves: cut history when nothing has happened for long,
 *   execute a cut that waits, throw out whom somebody has let in and nobody has heard of since. That is no frame's doing.
 * - What is said in somebody else's name is a *forgery*. Links do not prove who made what passes over them, so the room
 *   may take it for true; but nothing may break by it.
 * - *Believed* is who says that the room has another history or has evicted somebody: whoever hears it starts over, with
 *   all its content.
 */
import type { ReplicaId } from '@tidemark/core'
import type { Decoded, Gossip, Message } from '@tidemark/core/wire'
import { differences, type Standing } from './member.js'

export type Claim = 'malformed' | 'own' | 'forgery' | 'believed'

/** What kind of statement a frame is, coming from `speaker`, to whom the room stands as in `standing`. */
export function claimOf(decoded: Decoded, speaker: ReplicaId, standing: Standing): Claim {
  if (!decoded.ok) return 'malformed'
  const { message } = decoded
  if (isBelieved(message, standing)) return 'believed'
  return message.type === 'gossip' && isForgery(message, speaker, standing) ? 'forgery' : 'own'
}

function isBelieved(message: Message, { epoch }: Standing): boolean {
  if (message.type === 'hello' || message.type === 'origins' || message.type === 'evicted') return true
  if (message.type !== 'gossip') return false
  const { operations, reports } = message
  return (
    reports.some(({ agreement }) => agreement !== undefined) ||
    operations.some((operation) => operation.epoch > epoch + 1 || TAKES_OUT.has(operation.kind))
  )
}

/** Who says that a member has left, or is decided to be out, is believed: that one starts over, and loses nothing. */
const TAKES_OUT: ReadonlySet<string> = new Set(['leave', 'fence', 'evict'])

function isForgery(
  { operations, reports, presences }: Gossip,
  speaker: ReplicaId,
  standing: Standing,
): boolean {
  const isNews = (held: ReadonlyMap<ReplicaId, number>, id: ReplicaId, n: number) =>
    id !== speaker && (held.get(id) ?? 0) < n
  return (
    operations.some(({ author, seq }) => isNews(standing.applied, author, seq)) ||
    reports.some(({ replica, n }) => isNews(standing.reports, replica, n)) ||
    presences.some(({ replica, n }) => isNews(standing.presences, replica, n))
  )
}

/**
 * What must not have changed between two standings of an honest member, and did.
 *
 * @param made how many operations each of the honest has made itself: what they answer with (formatting cleaned up after a
 * change from elsewhere, say) is theirs, and what they do when it is time.
 * @param elsewhere what the other honest had before: they may still be passing it on.
 */
export function illegitimate(
  claim: Claim,
  speaker: ReplicaId,
  before: Standing,
  after: Standing,
  made: ReadonlyMap<ReplicaId, number> = new Map(),
  elsewhere: readonly Standing[] = [],
): string[] {
  const changed = differences(before, after)
  if (changed.length === 0 || claim === 'forgery' || claim === 'believed') return []
  const isOwnDoing = ownDoingOf(speaker, before, after, made, elsewhere)
  if (claim === 'malformed')
    return changed
      .filter((change) => !isOwnDoing(change))
      .map((change) => `by a frame that does not decode, ${change}`)
  const hasSpoken = applied(after, speaker) > applied(before, speaker)
  const isStranger = (id: ReplicaId) => !before.members.includes(id)
  // Where no password keeps anybody out, whoever asks and acknowledges is let in.
  const isOwnEntry = goneOf(before, after).length === 0 && goneOf(after, before).every((id) => id === speaker)
  const counts = (change: string) => {
    const { what, who } = partsOf(change)
    if (who !== '') return who === speaker || (hasSpoken && isStranger(who))
    if (what === 'content') return hasSpoken
    if (what === 'members')
      return isOwnEntry || (hasSpoken && goneOf(before, after).every((id) => id === speaker))
    return what === 'waiting'
  }
  return changed.filter((change) => !isOwnDoing(change) && !counts(change))
}

const applied = (standing: Standing, id: ReplicaId) => standing.applied.get(id) ?? 0

const goneOf = (before: Standing, after: Standing) =>
  before.members.filter((id) => !after.members.includes(id))

function partsOf(change: string) {
  const [, what = '', who = ''] = /^(\w+)(?: of ([\w-]+))?/.exec(change) ?? []
  return { what, who }
}

/** What the honest do when it is time; no frame is to blame for that. */
function ownDoingOf(
  speaker: ReplicaId,
  before: Standing,
  after: Standing,
  made: ReadonlyMap<ReplicaId, number>,
  elsewhere: readonly Standing[],
): (change: string) => boolean {
  const isMade = (id: ReplicaId) => {
    return applied(after, id) > applied(before, id) && applied(after, id) <= (made.get(id) ?? 0)
  }
  const isPassedOn = (id: ReplicaId) =>
    elsewhere.some(({ presences }) => presences.get(id) === after.presences.get(id))
  const hasOneSpoken = [...made.keys()].some(isMade)
  const isCut = before.cuts > 0 && after.epoch === before.epoch + 1
  return (change) => {
    const { what, who } = partsOf(change)
    if (what === 'reports') return who !== speaker
    if (what === 'applied') return isMade(who)
    if (what === 'epoch') return isCut
    // A cursor is told anew in the new naming, and what came by an earlier frame may be passed on later.
    if (what === 'presences') return (isCut && made.has(who)) || isPassedOn(who)
    if (what === 'members') {
      const isNew = after.members.some((id) => !before.members.includes(id))
      return hasOneSpoken && !isNew && goneOf(before, after).every((id) => !made.has(id) && id !== speaker)
    }
    return false
  }
}
