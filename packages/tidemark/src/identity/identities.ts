/**
 * The identities of one provider: a key for each, gone with the process. Nothing is stored, as no id is ever used again.
 *
 * The code for it is fetched when a provider needs it. Until it is there the room is not looked for; everything else goes on.
 */
import type { ReplicaId, Scheduler, Signatures } from '@tidemark/core'

type Ed25519 = typeof import('./ed25519.js')

/** A page may be offline when it needs the code. */
const RETRY_MS = 3000

export interface IdentitiesOptions {
  readonly scheduler: Scheduler
  readonly onError: (error: Error) => void
  /** For tests. */
  readonly load?: () => Promise<Ed25519>
}

export class Identities {
  /** Resolves once ids can be made. Never rejects. */
  readonly whenLoaded: Promise<void>
  readonly #options: IdentitiesOptions
  readonly #unused = new Map<ReplicaId, Signatures>()
  #code: Ed25519 | undefined
  #isClosed = false

  constructor(options: IdentitiesOptions) {
    this.#options = options
    this.whenLoaded = this.#load()
  }

  newId(): ReplicaId {
    if (this.#code === undefined) throw new Error('An id was asked for before it could be made')
    const { id, signatures } = this.#code.newIdentity()
    this.#unused.set(id, signatures)
    return id
  }

  /** Of an id that was made here; once, as it is used once. */
  signaturesOf(id: ReplicaId): Signatures {
    const signatures = this.#unused.get(id)
    if (signatures === undefined) throw new Error(`There is no key for ${id}`)
    this.#unused.delete(id)
    return signatures
  }

  close(): void {
    this.#isClosed = true
  }

  async #load(): Promise<void> {
    const { load = () => import('./ed25519.js'), scheduler, onError } = this.#options
    for (let isFirst = true; this.#code === undefined; isFirst = false) {
      try {
        this.#code = await load()
      } catch (cause) {
        if (isFirst) onError(new Error('tidemark: the code for identities can not be loaded', { cause }))
        await new Promise<void>((resolve) => {
          scheduler.at(scheduler.now() + RETRY_MS, resolve)
        })
        // Whoever waits for it is gone.
        if (this.#isClosed) return new Promise(() => {})
      }
    }
  }
}
