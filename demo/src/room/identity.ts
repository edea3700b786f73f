/**
 * Who you are in this tab: a name and a colour, chosen at random at first and kept over reloads.
 *
 * Kept in the tab's session, because several tabs of one browser are several people in this demo.
 */

export interface Identity {
  readonly name: string
  readonly color: string
}

/** Each is readable below white text (4.5:1) and visible on both themes' backgrounds. */
export const COLORS = [
  '#c2410c',
  '#0369a1',
  '#7c3aed',
  '#be185d',
  '#15803d',
  '#a16207',
  '#0f766e',
  '#b91c1c',
  '#4f46e5',
  '#86198f',
] as const

const NAMES = [
  'Ada',
  'Alan',
  'Barbara',
  'Bea',
  'Carl',
  'Dana',
  'Edsger',
  'Fay',
  'Grace',
  'Hal',
  'Ines',
  'Jun',
  'Kofi',
  'Leslie',
  'Mira',
  'Nora',
  'Otto',
  'Priya',
  'Radia',
  'Sam',
  'Tove',
  'Uma',
  'Vint',
  'Yuki',
]

const STORAGE_KEY = 'tidemark-demo-identity'
export const MAX_NAME_LENGTH = 24

export function loadIdentity(): Identity {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? 'null')
    const known = parseIdentity(stored)
    if (known) return known
  } catch {
    // Storage may be forbidden: then the identity lasts until the page is reloaded.
  }
  return { name: pick(NAMES), color: pick(COLORS) }
}

export function saveIdentity(identity: Identity): void {
  try {
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify(identity))
  } catch {
    // See loadIdentity.
  }
}

/** Whatever a stranger or an old page wrote, as an identity that is safe to show; undefined if it is none. */
export function parseIdentity(value: unknown): Identity | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { name, color } = value as { name?: unknown; color?: unknown }
  if (typeof name !== 'string' || typeof color !== 'string') return undefined
  if (!/^#[0-9a-f]{6}$/i.test(color)) return undefined
  const shown = cleanName(name)
  return shown === '' ? undefined : { name: shown, color }
}

export function cleanName(name: string): string {
  return Array.from(name.replace(/\s+/g, ' ').trim()).slice(0, MAX_NAME_LENGTH).join('')
}

/** One that nobody has yet, if there is any. */
export function unlike(taken: readonly Identity[], own: Identity): Identity {
  const names = NAMES.filter((name) => !taken.some((other) => other.name === name))
  const colors = COLORS.filter((color) => !taken.some((other) => other.color === color))
  const name = taken.some((other) => other.name === own.name) && names.length > 0 ? pick(names) : own.name
  const color =
    taken.some((other) => other.color === own.color) && colors.length > 0 ? pick(colors) : own.color
  return { name, color }
}

function pick<T>(choices: readonly [T, ...T[]] | readonly T[]): T {
  const chosen = choices[Math.floor(Math.random() * choices.length)]
  if (chosen === undefined) throw new Error('nothing to pick from')
  return chosen
}
