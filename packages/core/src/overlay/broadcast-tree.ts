/**
 * Eager push along one tree per author (overlay rules OV4, OV5; after Plumtree, Leitão et al. 2007).
 *
 * Whoever gets something twice tells the later of the two links to stop pushing that author's things. What
 * falls off the tree is noticed by anti-entropy, which also grafts the branch again. Trees are per author, and what an
 * author pushes itself is preferred, which can make no circle: in a full mesh it sends straight to everyone, n-1 messages
 * and one hop.
 *
 * The link by which an author's news arrive first is also the way back to it (see `routeTo`).
 */
import type { ReplicaId } from '../causality/operation.js'
import type { LinkId } from '../transport.js'

/** How something has come. */
interface Way {
  readonly wasAskedFor?: boolean
  readonly isDirect?: boolean
}

export class BroadcastTree {
  /** By which link an author's news are to reach us. */
  private readonly parents = new Map<ReplicaId, LinkId>()
  /** By which link they did before another one broke: still the way back, as long as nothing has come by any. */
  private readonly former = new Map<ReplicaId, LinkId>()
  /** Authors of whom that is their own link. */
  private readonly direct = new Set<ReplicaId>()
  /** By which link an author's last news that were pushed have come. */
  private readonly latest = new Map<ReplicaId, LinkId>()
  /** Authors whose news a link does not want from us. */
  private readonly unwanted = new Map<LinkId, Set<ReplicaId>>()
  /** Authors whose news we asked a link not to push. */
  private readonly declined = new Map<LinkId, Set<ReplicaId>>()

  /**
   * Something new of `author` came by `link`.
   * @param way `wasAskedFor`: it was not pushed, so the other end may believe what we do not any more: that we declined it.
   * `isDirect`: the author is at the other end.
   * @returns whether the link must be asked to push again.
   */
  delivered(author: ReplicaId, link: LinkId, { wasAskedFor = false, isDirect = false }: Way = {}): boolean {
    // It was on its way when the other end heard that another link is enough. Two that follow such news of each other would
    // both stop asking those by whom they got them: a circle, in which nothing new ever comes.
    if (!wasAskedFor && !isDirect && this.parents.has(author) && this.isDeclined(link, author)) return false
    const wasDeclined = this.declined.get(link)?.delete(author) ?? false
    const isExpectedHere = wasAskedFor && this.parents.get(author) === link
    const isPushed = isDirect && !wasAskedFor
    if (wasDeclined || isPushed || !this.parents.has(author)) this.follow(author, link, isDirect)
    if (!wasAskedFor) this.latest.set(author, link)
    return wasDeclined || isExpectedHere
  }

  /** Something of `author` was pushed by `link` that we had. @returns the link that should be asked to stop. */
  repeated(author: ReplicaId, link: LinkId, { isDirect = false }: Way = {}): LinkId | undefined {
    if (isDirect && !this.isDeclined(link, author)) {
      this.follow(author, link, isDirect)
      const first = this.latest.get(author)
      return first === undefined || first === link ? undefined : this.decline(first, author)
    }
    // We have it from elsewhere: with a join, or by a link that is gone.
    if (!this.parents.has(author)) this.follow(author, link, isDirect)
    return this.parents.get(author) === link ? undefined : this.decline(link, author)
  }

  private follow(author: ReplicaId, link: LinkId, isDirect: boolean): void {
    this.parents.set(author, link)
    this.former.delete(author)
    if (isDirect) this.direct.add(author)
    else this.direct.delete(author)
  }

  private isDeclined(link: LinkId, author: ReplicaId): boolean {
    return this.declined.get(link)?.has(author) ?? false
  }

  private decline(link: LinkId, author: ReplicaId): LinkId | undefined {
    return addTo(this.declined, link, author) ? link : undefined
  }

  wants(link: LinkId, author: ReplicaId): boolean {
    return !this.unwanted.get(link)?.has(author)
  }

  pruned(link: LinkId, authors: readonly ReplicaId[]): void {
    for (const author of authors) addTo(this.unwanted, link, author)
  }

  /** No authors: all of them. */
  grafted(link: LinkId, authors: readonly ReplicaId[]): void {
    if (authors.length === 0) this.unwanted.delete(link)
    for (const author of authors) this.unwanted.get(link)?.delete(author)
  }

  routeTo(author: ReplicaId): LinkId | undefined {
    return this.parents.get(author) ?? this.former.get(author)
  }

  /** A branch broke. @returns the links that must be asked to push everything again. */
  linkDown(link: LinkId): LinkId[] {
    this.unwanted.delete(link)
    this.declined.delete(link)
    const orphans = new Set<ReplicaId>()
    for (const [author, parent] of this.parents) if (parent === link) orphans.add(author)
    // What came first by another link than the parent's may have come by that one alone: the parent may wait for us.
    for (const [author, by] of this.latest) {
      if (by !== link) continue
      this.latest.delete(author)
      orphans.add(author)
    }
    for (const author of orphans) {
      const parent = this.parents.get(author)
      if (parent !== undefined) this.former.set(author, parent)
      this.parents.delete(author)
      this.direct.delete(author)
    }
    for (const [author, by] of this.former) if (by === link) this.former.delete(author)
    const grafts: LinkId[] = []
    for (const [other, authors] of this.declined) {
      if (![...authors].some((author) => orphans.has(author))) continue
      this.declined.delete(other)
      grafts.push(other)
    }
    return grafts
  }

  forget(author: ReplicaId): void {
    this.parents.delete(author)
    this.former.delete(author)
    this.direct.delete(author)
    this.latest.delete(author)
    for (const authors of this.unwanted.values()) authors.delete(author)
    for (const authors of this.declined.values()) authors.delete(author)
  }
}

function addTo(sets: Map<LinkId, Set<ReplicaId>>, link: LinkId, author: ReplicaId): boolean {
  const set = sets.get(link) ?? new Set()
  sets.set(link, set)
  if (set.has(author)) return false
  set.add(author)
  return true
}
