/** How the panels put things: sizes, counts, and what blocks the snapshot point in plain words. */
import type { Block, RoomView } from './room/view.js'

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

const REASONS: Record<Block['reason'], string> = {
  silent: 'no link to it, silent',
  joining: 'is being let in',
  behind: 'has not confirmed the latest edits yet',
}

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
    return 'You are alone here: nobody else needs your history, so it is dropped at once.'
  if (stats.logOperations === 0) return 'Everyone has confirmed everything: the log is empty.'
  if (blockedBy.length === 0) return 'Nobody holds the snapshot point back.'
  return `Waiting for ${waitingFor(blockedBy)}.`
}

/** Whether the wait is more than the moment that a confirmation takes. */
export function isHeldBack({ blockedBy }: RoomView): boolean {
  return blockedBy.some(({ reason }) => reason === 'silent')
}

function waitingFor(blocks: readonly Block[]): string {
  const named = (reason: Block['reason']) =>
    blocks.filter((block) => block.reason === reason).map(({ member }) => member.name)
  const silent = named('silent').map(
    (name) => `${name}: no link to it, silent; the log is kept for it meanwhile`,
  )
  const joining = named('joining')
  const behind = named('behind')
  return [
    ...silent,
    ...(joining.length > 0 ? [`${listed(joining)} to come in`] : []),
    ...(behind.length > 0 ? [`${listed(behind)} to confirm the latest edits`] : []),
  ].join('; ')
}

const names = new Intl.ListFormat('en', { type: 'conjunction' })

function listed(all: readonly string[]): string {
  return names.format(all)
}
