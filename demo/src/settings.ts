/** Where this page gets its settings from: the server's config.json, and the address for the room. */

export interface Settings {
  readonly signaling: string
}

/** What was deleted within this time stays in the document, so that it can be undone. */
export const UNDO_HORIZON_MS = 10_000

export async function loadSettings(): Promise<Settings> {
  const response = await fetch('config.json').catch(() => undefined)
  const config: unknown = response?.ok ? await response.json().catch(() => undefined) : undefined
  const signaling = (config as { signaling?: unknown } | undefined)?.signaling
  if (typeof signaling === 'string') return { signaling }
  throw new Error('This page found no config.json that names a signaling server. Start it with "npm start".')
}

/** The printed address opened twice must lead to the same place. */
const DEFAULT_ROOM = 'harbor'
const MAX_ROOM_LENGTH = 64

/** The room's name is the address's fragment, so that an address can be passed on. */
export function roomFromAddress(): string {
  const named = decodeFragment().trim().slice(0, MAX_ROOM_LENGTH)
  if (named !== '') return named
  history.replaceState(null, '', `#${DEFAULT_ROOM}`)
  return DEFAULT_ROOM
}

function decodeFragment(): string {
  try {
    return decodeURIComponent(location.hash.slice(1))
  } catch {
    return location.hash.slice(1)
  }
}
