/**
 * Carries out what a plan says: from a frame that was really sent to one that nobody would send.
 */
import { decodeMessage, encodeMessage, type Message } from '@tidemark/core/wire'
import * as encoding from 'lib0/encoding'
import type * as Y from 'yjs'
import type { ByteMutation, Mutation, Step } from './attack.js'
import { encodeHostile } from './hostile-updates.js'

/** What there is to build hostile frames of. */
export interface Material {
  readonly fresh: readonly Uint8Array[]
  /** Makes a fresh frame fit this moment. */
  readonly fit: (frame: Uint8Array, choice: number) => Uint8Array
  readonly past: readonly Uint8Array[]
  /** Names that mean something here, and one that does not. */
  readonly ids: readonly string[]
  /** Of the document under attack. */
  readonly store: Y.Doc['store']
}

/** No plan may grow a frame beyond what any transport would let through. */
const MAX_FRAME_BYTES = 64 * 1024

export function frameOf({ source, frame, mutations }: Step, material: Material): Uint8Array {
  let bytes = source === 'fresh' ? material.fit(at(material.fresh, frame), frame) : at(material.past, frame)
  for (const mutation of mutations) bytes = mutate(bytes, mutation, material)
  return bytes
}

function mutate(frame: Uint8Array, mutation: Mutation, material: Material): Uint8Array {
  switch (mutation.type) {
    case 'flip':
    case 'truncate':
    case 'append':
    case 'repeat':
    case 'splice':
    case 'varint':
      return mutateBytes(frame, mutation, material.past)
  }
  const decoded = decodeMessage(frame)
  if (!decoded.ok) return frame
  const message = structuredClone(decoded.message)
  mutateMessage(message, mutation, material)
  try {
    return encodeMessage(message)
  } catch {
    // What can not be written down can not be sent.
    return frame
  }
}

export function mutateBytes(
  bytes: Uint8Array,
  mutation: ByteMutation,
  others: readonly Uint8Array[],
): Uint8Array {
  const { length } = bytes
  switch (mutation.type) {
    case 'flip': {
      const copy = bytes.slice()
      if (length > 0) copy[mutation.at % length] = at(copy, mutation.at) ^ (1 << mutation.bit)
      return copy
    }
    case 'truncate':
      return bytes.slice(0, mutation.at % (length + 1))
    case 'append':
      return joined(bytes, mutation.bytes)
    case 'repeat': {
      const from = mutation.at % (length + 1)
      const part = bytes.subarray(from, from + mutation.length)
      const parts = Array.from({ length: mutation.times }, () => part)
      return joined(bytes.subarray(0, from), ...parts, bytes.subarray(from)).slice(0, MAX_FRAME_BYTES)
    }
    case 'splice': {
      const other = at(others, mutation.other)
      return joined(
        bytes.subarray(0, mutation.at % (length + 1)),
        other.subarray(mutation.from % (other.length + 1)),
      )
    }
    case 'varint': {
      const from = mutation.at % (length + 1)
      let end = from
      while (end < length && at(bytes, end) > 127) end++
      const out = encoding.createEncoder()
      encoding.writeVarUint(out, mutation.value)
      return joined(bytes.subarray(0, from), encoding.toUint8Array(out), bytes.subarray(end + 1))
    }
  }
}

// ------------------------------------------------------------------ within a message

/** A place in a message that can hold another value. */
interface Slot {
  readonly value: unknown
  set(value: unknown): void
}

interface Slots {
  readonly numbers: Slot[]
  readonly ids: Slot[]
  readonly flags: Slot[]
  readonly bytes: Slot[]
  readonly lists: unknown[][]
  readonly operations: Slot[]
}

function mutateMessage(
  message: Message,
  mutation: Exclude<Mutation, ByteMutation>,
  material: Material,
): void {
  const slots: Slots = { numbers: [], ids: [], flags: [], bytes: [], lists: [], operations: [] }
  collect(message, slots, new Set(material.ids))
  switch (mutation.type) {
    case 'number':
      return replace(slots.numbers, mutation.at, () => mutation.value)
    case 'nudge':
      return replace(slots.numbers, mutation.at, (value) => Math.max(0, (value as number) + mutation.by))
    case 'id':
      return replace(slots.ids, mutation.at, () => at(material.ids, mutation.other))
    case 'flag':
      return replace(slots.flags, mutation.at, (value) => !value)
    case 'duplicate':
    case 'drop':
    case 'swap':
      return mutateList(slots.lists, mutation)
    case 'body':
      return replace(slots.operations, mutation.at, (value) =>
        withBody(value as object, operationsOf(material), mutation.other),
      )
    case 'payload':
      return replace(slots.bytes, mutation.at, (value) =>
        mutateBytes(value as Uint8Array, mutation.mutation, material.past),
      )
    case 'update':
      return replace(slots.bytes, mutation.at, () => encodeHostile(mutation.update, material.store))
  }
}

function replace(slots: readonly Slot[], index: number, change: (value: unknown) => unknown): void {
  if (slots.length === 0) return
  const slot = at(slots, index)
  slot.set(change(slot.value))
}

function mutateList(
  lists: readonly unknown[][],
  mutation: Extract<Mutation, { type: 'duplicate' | 'drop' | 'swap' }>,
): void {
  const filled = lists.filter(({ length }) => length > 0)
  if (filled.length === 0) return
  const list = at(filled, mutation.at)
  const index = Math.floor(mutation.at / filled.length) % list.length
  if (mutation.type === 'duplicate') list.splice(index, 0, structuredClone(list[index]))
  else if (mutation.type === 'drop') list.splice(index, 1)
  else {
    const other = mutation.other % list.length
    ;[list[index], list[other]] = [list[other], list[index]]
  }
}

const HEAD = ['author', 'seq', 'clock', 'deps', 'epoch', 'base']

/** The head of one operation with the body of another: its author says something else. */
function withBody(operation: object, others: readonly object[], index: number): object {
  if (others.length === 0) return operation
  const isHead = ([key]: [string, unknown]) => HEAD.includes(key)
  const head = Object.entries(operation).filter(isHead)
  const body = Object.entries(at(others, index)).filter((entry) => !isHead(entry))
  return Object.fromEntries([...head, ...body])
}

const knownOperations = new WeakMap<object, object[]>()

function operationsOf(material: Material): readonly object[] {
  const known = knownOperations.get(material.past)
  if (known) return known
  const byKind = new Map<string, object[]>()
  for (const frame of material.past) {
    const decoded = decodeMessage(frame)
    if (!decoded.ok || !('operations' in decoded.message)) continue
    for (const operation of decoded.message.operations) {
      const same = byKind.get(operation.kind) ?? []
      byKind.set(operation.kind, same)
      if (same.length < 3) same.push(operation)
    }
  }
  const all = [...byKind.values()].flat()
  knownOperations.set(material.past, all)
  return all
}

/** Walks through a message. Maps are replaced as a whole where a key changes. */
function collect(value: unknown, slots: Slots, ids: ReadonlySet<string>): void {
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return
  if (value instanceof Map) return collectMap(value, slots, ids)
  if (Array.isArray(value)) slots.lists.push(value)
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'type' || key === 'kind') continue
    const set = (next: unknown) => {
      ;(value as Record<string, unknown>)[key] = next
    }
    file({ value: inner, set }, slots, ids)
    collect(inner, slots, ids)
  }
}

function collectMap(map: Map<string, unknown>, slots: Slots, ids: ReadonlySet<string>): void {
  for (const [key, inner] of map) {
    file({ value: inner, set: (next) => map.set(key, next) }, slots, ids)
    const rename = (next: unknown) => {
      map.delete(key)
      map.set(next as string, inner)
    }
    slots.ids.push({ value: key, set: rename })
  }
}

function file(slot: Slot, slots: Slots, ids: ReadonlySet<string>): void {
  const { value } = slot
  if (typeof value === 'number') slots.numbers.push(slot)
  else if (typeof value === 'boolean') slots.flags.push(slot)
  else if (value instanceof Uint8Array) slots.bytes.push(slot)
  else if (typeof value === 'string' && ids.has(value)) slots.ids.push(slot)
  else if (typeof value === 'object' && value !== null && 'author' in value) slots.operations.push(slot)
}

function at<T>(items: ArrayLike<T>, index: number): T {
  return items[index % items.length] as T
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let offset = 0
  for (const part of parts) {
    all.set(part, offset)
    offset += part.length
  }
  return all
}
