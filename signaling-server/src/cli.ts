#!/usr/bin/env node
/** `tidemark-signaling`: runs the signaling server until it is told to stop. */
import { parseArgs } from 'node:util'
import { createSignalingServer } from './server.js'

const help = `Introduces newcomers of Tidemark rooms to a member. Keeps nothing, sees no documents.

Usage: tidemark-signaling [options]

  --port P              TCP port, 0 for a free one          (default: 4444)
  --host H              address to listen on                (default: 127.0.0.1)
  --origin O            allow pages of this origin only, such as https://example.org;
                        may be given several times          (default: all)
  --trusted-proxies N   reverse proxies in front that append to X-Forwarded-For
                                                            (default: 0)
  --help                show this text
`

interface Arguments {
  readonly port: number
  readonly host: string
  readonly origins: readonly string[] | undefined
  readonly trustedProxies: number
}

/** Throws an Error whose message is meant for whoever typed the command. */
function readArguments(): Arguments | 'help' {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '4444' },
      host: { type: 'string', default: '127.0.0.1' },
      origin: { type: 'string', multiple: true },
      'trusted-proxies': { type: 'string', default: '0' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    port: wholeNumber('--port', values.port, 65_535),
    host: values.host,
    origins: values.origin?.map(normalOrigin),
    trustedProxies: wholeNumber('--trusted-proxies', values['trusted-proxies'], 16),
  }
}

function wholeNumber(flag: string, text: string, max: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > max) {
    throw new Error(`${flag} takes a whole number from 0 to ${max}, got '${text}'`)
  }
  return value
}

/** Browsers send an origin without a path, in lower case and without a default port. */
function normalOrigin(text: string): string {
  if (text === '*') return text
  const origin = URL.canParse(text) ? new URL(text).origin : 'null'
  if (origin === 'null')
    throw new Error(`--origin takes an origin such as https://example.org, got '${text}'`)
  return origin
}

function fail(fault: unknown, exitCode: number): never {
  console.error(`tidemark-signaling: ${fault instanceof Error ? fault.message : String(fault)}`)
  process.exit(exitCode)
}

async function run({ port, host, origins, trustedProxies }: Arguments): Promise<void> {
  const server = createSignalingServer({ trustedProxies, ...(origins && { origins }) })
  const stop = (): void => {
    server.close().then(
      () => process.exit(0),
      (fault: unknown) => fail(fault, 1),
    )
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)

  const bound = await server.listen(port, host)
  const authority = host.includes(':') ? `[${host}]` : host
  process.stdout.write(`tidemark-signaling listens on http://${authority}:${bound.port}\n`)
}

try {
  const args = readArguments()
  if (args === 'help') process.stdout.write(help)
  else run(args).catch((fault: unknown) => fail(fault, 1))
} catch (fault) {
  fail(fault, 2)
}
