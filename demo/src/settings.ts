/** Where this page gets its settings from: the server's config.json, and the address for the room and its password. */

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

const PASSWORD_MARK = '&password='

/** Both are in the address's fragment, so that an address can be passed on; browsers send that to no server. */
export function roomFromAddress(): string {
  const [name = ''] = location.hash.slice(1).split(PASSWORD_MARK, 1)
  const named = decoded(name).trim().slice(0, MAX_ROOM_LENGTH)
  if (named !== '') return named
  history.replaceState(null, '', `#${DEFAULT_ROOM}${location.hash.slice(1 + name.length)}`)
  return DEFAULT_ROOM
}

export function passwordFromAddress(): string | undefined {
  const at = location.hash.indexOf(PASSWORD_MARK)
  return (at >= 0 && decoded(location.hash.slice(at + PASSWORD_MARK.length))) || undefined
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
