/** What is typed behind `tidemark-keeper`. */
import { parseArgs } from 'node:util'

export const HELP = `Keeps rooms of Tidemark alive and stored while nobody has them open.

Usage: tidemark-keeper --room NAME --signaling URL --dir FOLDER [options]

  --room NAME           room to keep; may be given several times
  --signaling URL       signaling server; several are tried in turn
  --dir FOLDER          where documents are stored; one keeper at a time
  --token TOKEN         handed to the signaling server, if it asks for one
  --ice URL             STUN server such as stun:stun.example.org:3478; may be given several times
                        (default: those that pages use)
  --no-ice              without STUN: within one network
  --suspect-after MS    silence after which a member is suspected of being gone  (default: 5000)
  --help                show this text
  --version             show the version
`

export interface Arguments {
  readonly rooms: readonly string[]
  readonly signaling: readonly string[]
  readonly dir: string
  readonly token: string | undefined
  readonly ice: readonly string[] | undefined
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
      token: { type: 'string' },
      ice: { type: 'string', multiple: true },
      'no-ice': { type: 'boolean', default: false },
      'suspect-after': { type: 'string' },
      help: { type: 'boolean', default: false },
      version: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  if (values.version) return 'version'
  const { room: rooms, signaling, dir } = values
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
    token: values.token,
    ice: values['no-ice'] ? [] : values.ice,
    suspectAfterMs: milliseconds('--suspect-after', values['suspect-after']),
  }
}

function milliseconds(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{1,8}$/.test(text)) throw new Error(`${flag} takes milliseconds, at least 10, got '${text}'`)
  return Number(text)
}
