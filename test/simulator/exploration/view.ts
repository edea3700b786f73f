/**
 * What must be known of a member to say what can happen next. It follows from its state, so it is looked at once for each.
 */
import type { Member } from './member.js'

export interface View {
  readonly name: string
  readonly status: Member['replica']['status']
  readonly isDead: boolean
  readonly isGone: boolean
  readonly mayReturn: boolean
  readonly hasNews: boolean
  readonly hasInstalled: boolean
  readonly reports: number
  readonly edits: number
  readonly hasCut: boolean
  readonly accused: ReadonlySet<string>
  /** Who is at the other end. */
  readonly links: ReadonlyMap<number, string>
}

export function viewOf(member: Member): View {
  const { name, replica, holder, isDead, isGone, reports, edits, hasCut, accused, links } = member
  return {
    name,
    status: replica.status,
    isDead,
    isGone,
    mayReturn: member.outReason !== undefined && !member.hasReturned,
    hasNews: replica.status === 'member' && replica.room.hasNews,
    hasInstalled: holder.installed !== undefined,
    reports,
    edits,
    hasCut,
    accused: new Set(accused),
    links: new Map([...links].map(([link, other]) => [link, other.name])),
  }
}
