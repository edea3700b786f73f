/**
 * A picture of all that some objects hold: to be compared with others, and to be gone back to.
 *
 * A replica can not be copied, as its parts know each other by closures. But whatever it remembers stands in fields,
 * maps, sets and arrays; so it can be put back, in place, to where it was. What a generator remembers can not: no
 * picture may be taken while one is under way that will go on.
 *
 * Equal texts behave the same from here on. Two things are left out for that: of times, which are long gone or far away
 * (nothing depends on how long or how far), and what is written at most once and never changes is named by content.
 */
import { createHash } from 'node:crypto'

/** Times on the clock of the replica. */
const TIMES: ReadonlySet<string> = new Set([
  'lastHeardAt',
  'openedAt',
  'lastNow',
  'timerAt',
  'lastSignAt',
  'probedSince',
  'awakeSince',
  'lastAt',
  'movedAt',
  'from',
  'nextHeartbeatAt',
  'notBefore',
  'earliest',
  'superfluousSince',
  'gapAskedAt',
  'seekAt',
  'deadline',
  'resendAt',
  'nextProposalAt',
  'carryOutAt',
  'stuckSince',
  'lookAt',
  'nobodyBefore',
  'oldest',
])
/** No waiting of the protocol that is explored takes this long: how much longer it would take makes no difference. */
const FAR_MS = 500
/** Grows with time, and nobody here asks so often that it would be used up. */
const LEFT_OUT: ReadonlySet<string> = new Set(['questions'])

type Slot =
  | { readonly of: Map<unknown, unknown>; readonly entries: readonly (readonly [unknown, unknown])[] }
  | { readonly of: Set<unknown>; readonly members: readonly unknown[] }
  | { readonly of: unknown[]; readonly items: readonly unknown[] }
  | { readonly of: Fields; readonly keys: readonly string[]; readonly values: readonly unknown[] }

type Fields = Record<string, unknown>

/** What never changes once it is made: operations, reports, and what the oracle notes of them. By its text. */
const constants = new WeakMap<object, string>()

export class Image {
  /** Equal exactly if the same is shown, whatever objects it is of. */
  readonly digest: string
  /** The same, in one album. */
  readonly id: number
  private readonly slots: readonly Slot[]

  constructor(slots: readonly Slot[], digest: string, id: number) {
    this.slots = slots
    this.digest = digest
    this.id = id
  }

  /** Everything as it was when the picture was taken. */
  restore(): void {
    for (const slot of this.slots) {
      if ('keys' in slot) restoreFields(slot.of, slot.keys, slot.values)
      else if ('entries' in slot) restoreMap(slot.of, slot.entries)
      else if ('members' in slot) restoreSet(slot.of, slot.members)
      else {
        slot.of.length = slot.items.length
        for (let i = 0; i < slot.items.length; i++) slot.of[i] = slot.items[i]
      }
    }
  }
}

/** Of pictures that show the same it keeps one. */
export class Album {
  private readonly images = new Map<string, Image>()

  keep(slots: readonly Slot[], text: string): Image {
    const digest = createHash('md5').update(text).digest('binary')
    const known = this.images.get(digest)
    if (known) return known
    const image = new Image(slots, digest, this.images.size)
    this.images.set(digest, image)
    return image
  }
}

/**
 * @param roots looked into, in this order.
 * @param unordered looked into after them; it makes no difference in which order their maps and sets were filled.
 * @param names of objects that are not looked into, unless they are roots.
 * @param now on the clock of the replica among them.
 */
export function pictureOf(
  album: Album,
  roots: readonly object[],
  unordered: readonly object[],
  names: ReadonlyMap<object, string>,
  now: number,
): Image {
  const slots: Slot[] = []
  const known = new Map<object, number>()
  let text = ''
  let isOrdered = true

  const write = (value: unknown): void => {
    if (typeof value === 'object' && value !== null) writeObject(value)
    else text += typeof value === 'string' ? `'${value}' ` : `${String(value)} `
  }

  const writeObject = (value: object): void => {
    const name = names.get(value)
    if (name !== undefined) text += `@${name} `
    else if (isConstant(value)) text += textOf(value)
    else look(value)
  }

  const look = (value: object): void => {
    const number = known.get(value)
    if (number !== undefined) {
      text += `#${number} `
      return
    }
    known.set(value, known.size)
    if (value instanceof Map) {
      const entries = [...value]
      slots.push({ of: value, entries })
      text += `m${entries.length} `
      writeAll(entries, ([key, item]) => {
        write(key)
        write(item)
      })
    } else if (value instanceof Set) {
      const members = [...value]
      slots.push({ of: value, members })
      text += `s${members.length} `
      writeAll(members, write)
    } else if (Array.isArray(value)) {
      slots.push({ of: value, items: value.slice() })
      text += `a${value.length} `
      for (const item of value) write(item)
    } else lookAtFields(value as Fields)
  }

  const writeAll = <T>(items: readonly T[], writeOne: (item: T) => void): void => {
    if (isOrdered) return items.forEach(writeOne)
    const before = text
    const texts = items.map((item) => {
      text = ''
      writeOne(item)
      return text
    })
    text = before + texts.sort().join('')
  }

  const lookAtFields = (value: Fields): void => {
    const keys = Object.keys(value)
    const values: unknown[] = []
    const isWaiting = 'operation' in value
    text += `o${keys.length} `
    for (const key of keys) {
      const item = value[key]
      values.push(item)
      if (typeof item === 'function') continue
      if (typeof item === 'number' && (TIMES.has(key) || (isWaiting && key === 'since')))
        text += timeLeft(item - now)
      else if (LEFT_OUT.has(key)) look_(item)
      else write(item)
    }
    slots.push({ of: value, keys, values })
  }

  /** Kept, but not told. */
  const look_ = (value: unknown): void => {
    const before = text
    write(value)
    text = before
  }

  for (const root of roots) look(root)
  isOrdered = false
  for (const root of unordered) look(root)
  return album.keep(slots, text)
}

function timeLeft(ms: number): string {
  return ms <= 0 ? '< ' : ms > FAR_MS ? '> ' : `+${ms} `
}

function isConstant(value: object): boolean {
  if (value instanceof Uint8Array || constants.has(value)) return true
  // An operation, an entry of a ledger, or a report: plain objects, made once.
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  return ('author' in value && 'seq' in value && 'clock' in value) || ('replica' in value && 'row' in value)
}

/** Of what never changes; also of the bytes of a message. */
export function textOf(value: object): string {
  const known = constants.get(value)
  if (known !== undefined) return known
  const text = `${plain(value)} `
  constants.set(value, text)
  return text
}

function plain(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Uint8Array) return `b${value.join()}`
  if (value instanceof Map) return `{${[...value].map(([key, item]) => `${key}:${plain(item)}`).join()}}`
  if (Symbol.iterator in value) return `[${[...(value as Iterable<unknown>)].map(plain).join()}]`
  return `(${Object.entries(value)
    .map(([key, item]) => `${key}:${plain(item)}`)
    .join()})`
}

function restoreFields(of: Fields, keys: readonly string[], values: readonly unknown[]): void {
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string
    if (of[key] !== values[i]) of[key] = values[i]
  }
  const present = Object.keys(of)
  if (present.length === keys.length) return
  for (const key of present) if (!keys.includes(key)) delete of[key]
}

function restoreMap(of: Map<unknown, unknown>, entries: readonly (readonly [unknown, unknown])[]): void {
  if (of.size === entries.length) {
    let i = 0
    let isSame = true
    for (const [key, value] of of) {
      const entry = entries[i++]
      if (entry !== undefined && entry[0] === key && entry[1] === value) continue
      isSame = false
      break
    }
    if (isSame) return
  }
  of.clear()
  for (const [key, value] of entries) of.set(key, value)
}

function restoreSet(of: Set<unknown>, members: readonly unknown[]): void {
  if (of.size === members.length) {
    let i = 0
    let isSame = true
    for (const member of of) {
      if (members[i++] === member) continue
      isSame = false
      break
    }
    if (isSame) return
  }
  of.clear()
  for (const member of members) of.add(member)
}
