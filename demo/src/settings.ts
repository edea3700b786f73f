/** Where this page gets its settings from: the server's config.json, and the address for the room. */

export interface Settings {
  readonly signaling: string
}

export async function loadSettings(): Promise<Settings> {
  const response = await fetch('config.json').catch(() => undefined)
  const config: unknown = response?.ok ? await response.json().catch(() => undefined) : undefined
  const signaling = (config as { signaling?: unknown } | undefined)?.signaling
  if (typeof signaling === 'string') return { signaling }
  throw new Error('This page found no config.json that names a signaling server. Start it with "npm start".')
}

const FIRST_PARTS = ['amber', 'calm', 'coral', 'deep', 'early', 'misty', 'silver', 'still', 'warm', 'windy']
const LAST_PARTS = ['bay', 'cove', 'delta', 'dune', 'harbor', 'lagoon', 'pier', 'reef', 'shore', 'tide']

const MAX_ROOM_LENGTH = 64

/** The room's name is the address's fragment; without one a new room is opened. */
export function roomFromAddress(): string {
  const named = decodeFragment().trim().slice(0, MAX_ROOM_LENGTH)
  if (named !== '') return named
  const room = `${pick(FIRST_PARTS)}-${pick(LAST_PARTS)}-${Math.floor(Math.random() * 900) + 100}`
  history.replaceState(null, '', `#${room}`)
  return room
}

function decodeFragment(): string {
  try {
    return decodeURIComponent(location.hash.slice(1))
  } catch {
    return location.hash.slice(1)
  }
}

function pick(choices: readonly string[]): string {
  return choices[Math.floor(Math.random() * choices.length)] ?? ''
}
