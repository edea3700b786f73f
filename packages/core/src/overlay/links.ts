/**
 * The open links of a replica: who is at the other end, and when it was last heard (overlay rules OV1, OV2).
 */
import type { ReplicaId } from '../causality/operation.js'
import type { LinkId } from '../transport.js'
import { Comparison } from './comparison.js'

/** So many questions in a row are answered, … */
const QUESTIONS_AT_ONCE = 40
/** … and so many a second for long. Who keeps to the protocol asks once a second at most. */
const QUESTIONS_PER_SECOND = 4

/** A bucket that fills with time. Invariant: it never holds less than nothing. */
export class Allowance {
  private left = QUESTIONS_AT_ONCE
  private at: number

  constructor(now: number) {
    this.at = now
  }

  /** @returns false if nothing is left. */
  take(now: number): boolean {
    // A clock that is set back takes nothing away.
    const earned = (Math.max(0, now - this.at) / 1000) * QUESTIONS_PER_SECOND
    this.left = Math.min(QUESTIONS_AT_ONCE, this.left + earned)
    this.at = now
    if (this.left < 1) return false
    this.left--
    return true
  }
}

export interface Link {
  readonly id: LinkId
  readonly openedAt: number
  lastHeardAt: number
  /** Known from its hello. */
  peer: ReplicaId | undefined
  /** Who has proved to be at its other end; undefined if nobody had to (rule ID7). */
  readonly proven: ReplicaId | undefined
  /** The room history that its end belongs to; empty before it is in one. */
  lineage: string
  /** It was told whether our history goes on from its own (rule LI3). */
  isToldOrigins: boolean
  /** Both ends are members of the same room history: gossip flows. */
  inRoom: boolean
  /** Since the link opened we have once held all that the other end had. */
  caughtUp: boolean
  /** Since the link opened the other end has once been sent all that we had. */
  isServed: boolean
  /** It came of our looking for the room, or for another part of it. */
  readonly isFound: boolean
  /** There was a link to its neighbour already when it opened. */
  isSpare: boolean
  /** We asked for it, so it is ours to close once nobody needs it. */
  isOurs: boolean
  /** Since when neither end's choice of neighbours asks for it. */
  superfluousSince: number | undefined
  /** What we asked for is still coming. */
  awaitsAnswer: boolean
  /** What we held when we last asked for the rest; asking again brings nothing before that has changed. */
  askedWith: number | undefined
  /** What its end may still ask of us. */
  readonly questions: Allowance
  readonly comparison: Comparison
}

export class Links {
  private readonly byId = new Map<LinkId, Link>()

  get(id: LinkId): Link | undefined {
    return this.byId.get(id)
  }

  add(id: LinkId, now: number, proven?: ReplicaId, isFound = false): Link {
    const link: Link = {
      id,
      openedAt: now,
      lastHeardAt: now,
      peer: undefined,
      proven,
      inRoom: false,
      lineage: '',
      isToldOrigins: false,
      caughtUp: false,
      isServed: false,
      isFound,
      isSpare: false,
      isOurs: false,
      superfluousSince: undefined,
      awaitsAnswer: false,
      askedWith: undefined,
      comparison: new Comparison(),
      questions: new Allowance(now),
    }
    this.byId.set(id, link)
    return link
  }

  remove(id: LinkId): Link | undefined {
    const link = this.byId.get(id)
    this.byId.delete(id)
    return link
  }

  get all(): Link[] {
    return [...this.byId.values()]
  }

  get inRoom(): Link[] {
    return this.all.filter((link) => link.inRoom)
  }

  /** The link to a member, if there is one. */
  to(peer: ReplicaId): Link | undefined {
    for (const link of this.byId.values()) if (link.inRoom && link.peer === peer) return link
    return undefined
  }

  /** After a sleep of ours, silence says nothing about the others: everybody is given that time again. */
  excuse(sleptMs: number): void {
    for (const link of this.byId.values()) link.lastHeardAt += sleptMs
  }

  /** Links whose other end was last heard `timeoutMs` ago or longer. */
  silent(now: number, timeoutMs: number): Link[] {
    return this.all.filter((link) => link.lastHeardAt + timeoutMs <= now)
  }
}
