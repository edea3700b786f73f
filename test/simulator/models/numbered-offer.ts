/**
 * A numbered set's state on its way: one text, cut into pieces.
 */
import type { Naming, StatePiece } from '@tidemark/core'
import { Numbering, type Past } from './numbering.js'

interface Contents {
  readonly namings: readonly Naming[]
  readonly pasts: readonly Past[]
  /** The base. */
  readonly ground: Numbering
  readonly lineages: readonly string[]
}

const LENGTH_BYTES = 4

export class Offer {
  private readonly bytes: Uint8Array

  constructor({ namings, pasts, ground, lineages }: Contents) {
    const told = {
      namings,
      pasts: pasts.map((past) => ({
        namings: past.namings,
        base: past.table.base,
        own: [...past.table.own],
      })),
      base: ground.base,
      gone: [...ground.goneFromBase],
      own: [...ground.own],
      brought: [...ground.brought],
      kin: [...ground.kin],
      strange: [...ground.strange],
      lineages,
    }
    const text = new TextEncoder().encode(JSON.stringify(told))
    this.bytes = new Uint8Array(LENGTH_BYTES + text.length)
    new DataView(this.bytes.buffer).setUint32(0, text.length)
    this.bytes.set(text, LENGTH_BYTES)
  }

  /** As storage keeps it. */
  get whole(): Uint8Array {
    return this.bytes.slice()
  }

  *pieces(pieceBytes: number): Generator<StatePiece, undefined> {
    const { bytes } = this
    // Small pieces are for the sake of their number, which a few hundred say as well as thousands.
    const length = Math.max(pieceBytes, bytes.length / 40)
    for (let at = 0; at < bytes.length; at += length) {
      const end = Math.min(bytes.length, at + length)
      yield { bytes: bytes.slice(at, end), progress: end / bytes.length }
    }
    return undefined
  }
}

/** @returns undefined while pieces are missing. */
export function readOffer(pieces: readonly Uint8Array[]): Contents | undefined {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const bytes = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  if (length < LENGTH_BYTES || new DataView(bytes.buffer).getUint32(0) > length - LENGTH_BYTES)
    return undefined
  const told = JSON.parse(new TextDecoder().decode(bytes.subarray(LENGTH_BYTES)))
  const ground = new Numbering(told.base)
  for (const number of told.gone) ground.goneFromBase.add(number)
  for (const [token, isThere] of told.own) ground.own.set(token, isThere)
  for (const base of told.brought) ground.brought.add(base)
  for (const lineage of told.kin) ground.kin.add(lineage)
  for (const lineage of told.strange) ground.strange.add(lineage)
  const pasts = told.pasts.map(
    (past: { namings: Naming[]; base: number[]; own: [number, number][] }): Past => {
      return { namings: past.namings, table: { base: past.base, own: new Map(past.own) } }
    },
  )
  return { namings: told.namings, pasts, ground, lineages: told.lineages }
}
