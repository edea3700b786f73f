/** What is typed behind `tidemark-keeper`. */
import { parseArgs } from 'node:util'
import type { CompactionMode } from 'tidemark'

export const HELP = `Keeps rooms of Tidemark alive and stored while nobody has them open.

Usage: tidemark-keeper --room NAME --signaling URL --dir FOLDER [options]

  --room NAME           room to keep; may be given several times
  --signaling URL       signaling server; several are tried in turn
  --dir FOLDER          where documents are stored; one keeper at a time
  --password-file FILE  holds the rooms' password, as the other members have it
  --compaction MODE     full, log or off, as the other members have it           (default: full)
  --identities          members have identities, as the others have them
  --ice SERVER          STUN server such as stun:stun.example.org:3478, or a TURN server as JSON:
                        '{ "urls": "turn:…", "username": "…", "credential": "…" }';
                        may be given several times  (default: those that pages use)
  --no-ice              without STUN: within one network
  --suspect-after MS    silence after which a member is suspected of being gone  (default: 5000)
  --help                show this text
  --version             show the version

TIDEMARK_PASSWORD in the environment is the rooms' password, if no file holds it. There is no
option for it: everybody on a machine can read the arguments of its processes.
TIDEMARK_TOKEN in the environment is handed to the signaling server, if it asks for a token.
`

export interface Arguments {
  readonly rooms: readonly string[]
  readonly signaling: readonly string[]
  readonly dir: string
  readonly passwordFile: string | undefined
  readonly compaction: CompactionMode
  readonly identities: boolean
  readonly ice: readonly RTCIceServer[] | undefined
  readonly suspectAfterMs: number | undefined
}

/** @throws an Error whose message is meant for whoever typed the command. */
export function readArguments(args: readonly string[]): Arguments | 'help' | 'version' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      room: { type: 'string', multiple: true, default: [] },
      signaling: { type: 'string', multiple: true, default: [] },
      dir: { type: 'string' },
      'password-file': { type: 'string' },
      password: { type: 'string' },
      compaction: { type: 'string', default: 'full' },
      identities: { type: 'boolean', default: false },
      ice: { type: 'string', multiple: true },
      'no-ice': { type: 'boolean', default: false },
      'suspect-after': { type: 'string' },
      help: { type: 'boolean', default: false },
      version: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  if (values.version) return 'version'
  const { room: rooms, signaling, dir, 'password-file': passwordFile } = values
  if (values.password !== undefined) {
    throw new Error(
      'everybody on this machine can read the arguments of its processes. Put the password into a file and give ' +
        '--password-file FILE, or into TIDEMARK_PASSWORD in the environment; and take another one than that',
    )
  }
  if (rooms.length === 0 || rooms.includes('')) throw new Error('which room? Give --room NAME (see --help)')
  if (signaling.length === 0) throw new Error('where is the room? Give --signaling URL (see --help)')
  for (const url of signaling) {
    if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ''))
      throw new Error(`--signaling takes a URL such as https://signaling.example.org, got '${url}'`)
  }
  if (!dir) throw new Error('where is it to be stored? Give --dir FOLDER (see --help)')
  return {
    rooms: [...new Set(rooms)],
    signaling,
    dir,
    passwordFile,
    compaction: mode(values.compaction),
    identities: values.identities,
    ice: values['no-ice'] ? [] : values.ice?.map(iceServer),
    suspectAfterMs: milliseconds('--suspect-after', values['suspect-after']),
  }
}

function mode(text: string): CompactionMode {
  if (text === 'full' || text === 'log' || text === 'off') return text
  throw new Error(`--compaction takes full, log or off, got '${text}'`)
}

function iceServer(text: string): RTCIceServer {
  if (/^(stun|turn)s?:\S+$/.test(text)) return { urls: text }
  try {
    const server: unknown = JSON.parse(text)
    if (typeof server === 'object' && server !== null && 'urls' in server) return server as RTCIceServer
  } catch {
    // It is told below what was expected.
  }
  throw new Error(`--ice takes a URL such as stun:stun.example.org:3478, or JSON with "urls", got '${text}'`)
}

function milliseconds(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{2,8}$/.test(text)) throw new Error(`${flag} takes milliseconds, at least 100, got '${text}'`)
  return Number(text)
}
