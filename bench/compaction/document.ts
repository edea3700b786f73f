/** Two replicas of one document, without a network: one edits, the other applies, both are cut where the bench says. */
import type { CutWork } from '@tidemark/core'
import { YjsStructure } from '@tidemark/yjs'
import * as Y from 'yjs'
import { Person } from '../growth/person.js'

const LINEAGE = 'bench'
const PIECE_BYTES = 16 * 1024

interface Replica {
  readonly doc: Y.Doc
  readonly structure: YjsStructure
}

function replica(): Replica {
  const doc = new Y.Doc()
  return { doc, structure: new YjsStructure(doc, { compaction: 'full', onLocalChange: () => {} }) }
}

export class EditedDocument {
  private readonly author = replica()
  private readonly other = replica()
  private readonly person: Person
  private epoch = 0
  /** Since the last cut. */
  private payloads: Uint8Array[] = []

  constructor(characters: number) {
    const { author, other } = this
    const text = author.doc.getText('text')
    text.insert(0, 'some text '.repeat(Math.ceil(characters / 10)))
    epochsOf(author).found(LINEAGE)
    other.structure.beginLoad()
    epochsOf(other).enter(epochsOf(author).namings)
    const pieces = author.structure.encodeState(PIECE_BYTES)
    for (let next = pieces.next(); !next.done; next = pieces.next())
      other.structure.loadPiece(next.value.bytes)
    other.structure.endLoad()
    this.person = new Person(text, 1, characters)
  }

  get baseBytes(): number {
    return epochsOf(this.author).baseBytes
  }

  get stateBytes(): number {
    return Y.encodeStateAsUpdate(this.author.doc).length
  }

  get operations(): number {
    return this.payloads.length
  }

  /** One keystroke, as one operation. @returns what a cut does away with on its account. */
  edit(): number {
    this.person.edit()
    const payload = this.author.structure.takeLocalChange()
    if (payload === undefined) return 0
    this.payloads.push(payload)
    return epochsOf(this.author).weight(payload)
  }

  /** The other replica gets all that was edited since the last cut. */
  applyAll(): void {
    for (const payload of this.payloads) {
      const refusal = this.other.structure.apply(payload, this.epoch)
      if (refusal !== undefined) throw new Error(refusal)
    }
  }

  /** Work for the cut of everything so far, at the replica that applies; what was begun before is given up. */
  beginCut(): CutWork {
    return this.begin(this.other)
  }

  /** Ends the epoch. @param work prepared, of the other replica. @returns how long its commit took. */
  finishCut(work: CutWork): number {
    const own = this.begin(this.author)
    while (!own.prepare());
    own.commit()
    const startedAt = performance.now()
    work.commit()
    const commitMs = performance.now() - startedAt
    this.epoch++
    this.payloads = []
    const [a, b] = [this.author, this.other].map(({ doc }) => doc.getText('text').toString())
    if (a !== b) throw new Error('the two replicas differ')
    for (const one of [this.author, this.other]) epochsOf(one).settle()
    return commitMs
  }

  private begin(one: Replica): CutWork {
    const { epoch } = this
    const below = this.payloads.map((payload) => ({ payload, epoch }))
    return epochsOf(one).begin({ lineage: LINEAGE, epoch: epoch + 1, below, above: [] })
  }
}

function epochsOf({ structure }: Replica) {
  const { epochs } = structure
  if (epochs === undefined) throw new Error('this structure can not be cut')
  return epochs
}
