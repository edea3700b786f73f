/**
 * Whether a room that was attacked is sound: the honest agree, newcomers get what they have, and history can be cut.
 *
 * Poison shows late: in the state that is made for a newcomer, or when a cut turns the structure inside out.
 */
import type { LiveRoom } from './live-room.js'
import type { Member } from './member.js'

/** Long enough for a side without a majority to go on by itself. */
const PATIENCE_MS = 240_000

/** @returns what is wrong with it. */
export function finale(room: LiveRoom): string[] {
  try {
    return [...agreement(room), ...newcomers(room), ...nextEpoch(room)]
  } catch (error) {
    return [`thrown afterwards: ${(error as Error).stack}`]
  }
}

function faults(members: readonly Member[]): string[] {
  return members.flatMap((member) => member.faults.map((error) => `raised afterwards: ${error.stack}`))
}

/** Mona is gone for good: whatever she said to one of the honest is everybody's, or nobody's. */
function agreement(room: LiveRoom): string[] {
  const { anna, bert } = room
  room.network.crash(room.mona.memory)
  anna.text.insert(0, 'The room goes on. ')
  const isGood = room.until(() => {
    const isMember = room.honest.every(({ provider }) => provider.synced)
    return isMember && bert.text.toString().includes('The room goes on. ') && anna.content === bert.content
  }, PATIENCE_MS)
  const wrong = faults(room.honest)
  if (!isGood) wrong.push(`the honest do not agree: ${anna.content} and ${bert.content}`)
  return wrong
}

function newcomers(room: LiveRoom): string[] {
  const { anna } = room
  const newcomer = room.newcomer()
  const isGood = room.until(() => newcomer.provider.synced && newcomer.content === anna.content, PATIENCE_MS)
  const wrong = faults([...room.honest, newcomer])
  if (!isGood) wrong.push(`a newcomer gets something else: ${newcomer.content} instead of ${anna.content}`)
  return wrong
}

const NOWHERE = ''

/** A side that goes on by itself begins a lineage of its own. */
function namingOf({ replica }: Member): string {
  return replica?.status === 'member' ? `${replica.room.lineage} ${replica.room.history.epoch}` : NOWHERE
}

/** Once Mona is evicted nobody holds the room. */
function nextEpoch(room: LiveRoom): string[] {
  const { anna, bert } = room
  if (room.compaction !== 'full') return []
  const before = namingOf(anna)
  // Where nothing has changed since the last cut there will be none.
  anna.text.insert(0, 'Cut! ')
  const { content } = anna
  // Whoever hostile has made it may have it leave out what no honest member's cut would (rules CU1, OP8), alike everywhere.
  const maker = anna.replica?.room.history.nextCut?.author
  const isOurs = maker === undefined || room.honest.some(({ replica }) => replica?.id === maker)
  const isFurther = (member: Member) => namingOf(member) !== NOWHERE && namingOf(member) !== before
  anna.provider.compact().catch(() => {})
  const isCut = room.until(() => room.honest.every(isFurther), PATIENCE_MS)
  // Who had gone on by himself, in a lineage of his own, is further without a cut.
  room.until(() => anna.content === bert.content, PATIENCE_MS)
  const wrong = faults(room.honest)
  if (!isCut) wrong.push(`history can not be cut any more: ${JSON.stringify(anna.provider.status)}`)
  else if (anna.content !== bert.content || (isOurs && anna.content !== content))
    wrong.push(`a cut changed what is there: ${content} became ${anna.content} and ${bert.content}`)
  return wrong.length > 0 ? wrong : newcomers(room)
}
