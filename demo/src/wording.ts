/** How the panels put things: sizes, counts, and what blocks the snapshot point in plain words. */
import type { Block, RoomView } from './room/view.js'
import { UNDO_HORIZON_MS } from './settings.js'

/** Some bytes per author are no history. */
const NOTHING_TO_GAIN_BYTES = 256

const NOTHING_TO_COLLECT = 'Nothing to collect yet.'

const integers = new Intl.NumberFormat('en')
const decimals = new Intl.NumberFormat('en', { maximumFractionDigits: 1, minimumFractionDigits: 1 })

export function count(value: number): string {
  return integers.format(value)
}

export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

export function bytes(value: number): string {
  if (value < 1000) return `${value} B`
  if (value < 1_000_000) return `${decimals.format(value / 1000)} kB`
  return `${decimals.format(value / 1_000_000)} MB`
}

/** For axes. */
export function roundBytes(value: number): string {
  if (value < 1000) return `${value} B`
  return value < 1_000_000 ? `${count(value / 1000)} kB` : `${count(value / 1_000_000)} MB`
}

const REASONS: Record<Block['reason'], string> = {
  silent: 'no link to it, silent',
  suspected: 'does not answer',
  'being evicted': 'is being evicted',
  joining: 'is being let in',
  behind: 'has not confirmed the latest edits yet',
}

/** What keeps those from confirming who may well be gone. */
const ABSENT: ReadonlySet<Block['reason']> = new Set(['silent', 'suspected', 'being evicted'])

export function blockReason({ reason }: Block): string {
  return REASONS[reason]
}

/** One sentence on what the snapshot point waits for. */
export function pointSentence(view: RoomView): string {
  const { status, members, blockedBy, stats } = view
  if (status === 'disconnected')
    return 'You are offline. Your edits stay here and join the others’ when you go online.'
  if (members.length === 0) return 'Joining the room…'
  if (members.length === 1)
    return 'You are alone here: nobody else needs your history, so every edit is stable at once.'
  if (stats.logOperations === 0) return 'Everyone has confirmed everything: the log is empty.'
  if (blockedBy.length === 0) return 'Nobody holds the snapshot point back.'
  return `Waiting for ${waitingFor(blockedBy)}. ${outlook(view)}`.trim()
}

/** Why nothing can be compacted now; undefined if it can. */
export function compactionObstacle(view: RoomView): string | undefined {
  const { status, isSynced, members, blockedBy, isCompacting, measurement } = view
  if (status === 'disconnected') return 'Offline: a cut is everybody’s, so go online first.'
  if (isCompacting) {
    const waitsFor = listed(blockedBy.map(({ member }) => member.name))
    return waitsFor === '' ? 'Compacting…' : `Compacting as soon as ${waitsFor} has confirmed everything…`
  }
  const silent = blockedBy.filter(({ reason }) => ABSENT.has(reason)).map(({ member }) => member.name)
  if (silent.length > 0) return `Not without ${listed(silent)}, who may still need the history.`
  if (members.length === 0 || !isSynced) return 'First this tab has to be in sync.'
  const { liveBytes, textBytes, liveRuns } = measurement
  if (liveRuns.tombstones === 0 && liveBytes - textBytes < NOTHING_TO_GAIN_BYTES) return NOTHING_TO_COLLECT
  return undefined
}

/** How compaction stands: what keeps it from happening, and what it did last. */
export function compactionState(view: RoomView): string {
  const obstacle = compactionObstacle(view)
  const last = view.cuts.at(-1)
  if (obstacle !== undefined && obstacle !== NOTHING_TO_COLLECT) return obstacle
  if (!last) {
    const horizon = `what was deleted in the last ${UNDO_HORIZON_MS / 1000} seconds stays for undo`
    return `${obstacle ?? 'Not compacted yet.'} It is done by itself when it pays; ${horizon}.`
  }
  const { epoch, bytesBefore, bytesAfter, pauseMs } = last
  const done = `Epoch ${epoch} began: ${bytes(bytesBefore)} → ${bytes(bytesAfter)}, after a pause of ${pause(pauseMs)}.`
  return obstacle === undefined ? done : `${done} Nothing is left to collect.`
}

export function pause(milliseconds: number): string {
  return milliseconds < 10 ? `${decimals.format(milliseconds)} ms` : `${Math.round(milliseconds)} ms`
}

/** What the comparison with plain Yjs rests on. */
export function countedByText({ countedBy }: RoomView): string {
  const what = 'the same edits, never compacted'
  return countedBy ? `${what}; counted in ${countedBy.name}’s tab` : what
}

/** Whether the wait is more than the moment that a confirmation takes. */
export function isHeldBack({ blockedBy }: RoomView): boolean {
  return blockedBy.some(({ reason }) => ABSENT.has(reason))
}

function waitingFor(blocks: readonly Block[]): string {
  const named = (reason: Block['reason']) =>
    blocks.filter((block) => block.reason === reason).map(({ member }) => member.name)
  const silent = named('silent').map(
    (name) => `${name}: no link to it, silent; the log is kept for it meanwhile`,
  )
  const suspected = named('suspected')
  const going = named('being evicted')
  const joining = named('joining')
  const behind = named('behind')
  return [
    ...silent,
    ...(suspected.length > 0 ? [`${listed(suspected)} to answer`] : []),
    ...(going.length > 0 ? [`the eviction of ${listed(going)} to be carried out`] : []),
    ...(joining.length > 0 ? [`${listed(joining)} to come in`] : []),
    ...(behind.length > 0 ? [`${listed(behind)} to confirm the latest edits`] : []),
  ].join('; ')
}

/** What becomes of those who do not answer. */
function outlook({ blockedBy, mayDecide, forksInMs }: RoomView): string {
  if (forksInMs !== undefined)
    return `Too few are here to evict anybody: in ${Math.ceil(forksInMs / 1000)} s this side goes on by itself, and merges later.`
  const isSuspected = blockedBy.some(({ reason }) => reason === 'suspected')
  return isSuspected && mayDecide ? 'Whoever stays silent is evicted.' : ''
}

const names = new Intl.ListFormat('en', { type: 'conjunction' })

function listed(all: readonly string[]): string {
  return names.format(all)
}
