/**
 * What is wrong with single links of a device: slow ones, one that breaks within the next message, one on which the next
 * message is mangled.
 */
import type { LinkId } from '@tidemark/core'

/** Each is refused by whoever gets it (protocol rules WI1 and WI3): another version, another type, bytes behind the end. */
export const MANGLINGS = ['version', 'type', 'tail'] as const
export type Mangling = (typeof MANGLINGS)[number]

/** What is said of a mangled message. */
export const REFUSALS: Readonly<Record<Mangling, string>> = {
  version: 'unknown wire version 127',
  type: 'unknown type of message',
  tail: 'trailing bytes',
}

export class Ills {
  private readonly slow = new Map<LinkId, { readonly bytesPerMs: number; freeAt: number }>()
  private readonly breaking = new Set<LinkId>()
  private readonly mangling = new Map<LinkId, Mangling>()

  slowDown(link: LinkId, bytesPerMs: number): void {
    this.slow.set(link, { bytesPerMs, freeAt: 0 })
  }

  speedUp(link: LinkId): void {
    this.slow.delete(link)
  }

  breakWithin(link: LinkId): void {
    this.breaking.add(link)
  }

  mangle(link: LinkId, how: Mangling): void {
    this.mangling.set(link, how)
  }

  /** One message goes behind the other. @returns undefined if the link is as it should be. */
  leavesAt(link: LinkId, bytes: number, now: number): number | undefined {
    const slow = this.slow.get(link)
    if (!slow) return undefined
    slow.freeAt = Math.max(slow.freeAt, now) + bytes / slow.bytesPerMs
    return slow.freeAt
  }

  breaks(link: LinkId): boolean {
    return this.breaking.delete(link)
  }

  mangled(link: LinkId, bytes: Uint8Array): Uint8Array | undefined {
    const how = this.mangling.get(link)
    if (!how) return undefined
    this.mangling.delete(link)
    const mangled = new Uint8Array(bytes.length + (how === 'tail' ? 1 : 0))
    mangled.set(bytes)
    if (how === 'version') mangled[0] = 127
    if (how === 'type') mangled[1] = 126
    return mangled
  }
}
