/** Runs in the pages of the Chromium test. */
import type { LinkId } from '@tidemark/core'
import { type SecretMismatch, type WebrtcSession, webrtcTransport } from '../src/index.js'

export interface PageReport {
  readonly links: number
  readonly downs: string[]
  readonly messages: { readonly bytes: number; readonly sum: number; readonly atMs: number }[]
  readonly mismatches: SecretMismatch[]
  readonly bytesSent: number
  readonly longestTaskMs: number
}

let session: WebrtcSession
let link: LinkId = 0
let longestTaskMs = 0
const report = {
  links: 0,
  downs: [] as string[],
  messages: [] as PageReport['messages'][number][],
  mismatches: [] as SecretMismatch[],
}

const page = {
  open(signaling: string, id: string, password?: string): Promise<'linked' | 'alone'> {
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longestTaskMs = Math.max(longestTaskMs, duration)
    }).observe({ entryTypes: ['longtask'] })
    return new Promise((resolve) => {
      const onSecretMismatch = (mismatch: SecretMismatch) => report.mismatches.push(mismatch)
      const transport = webrtcTransport({ signaling, password, onSecretMismatch, iceServers: [] })
      session = transport.open('room', id, {
        linkUp: (up) => {
          link = up
          report.links += 1
          resolve('linked')
        },
        linkDown: (_link, reason) => report.downs.push(reason),
        message: (_link, bytes) => {
          report.messages.push({ bytes: bytes.byteLength, sum: sumOf(bytes), atMs: performance.now() })
        },
        alone: () => {
          session.greet('lineage')
          resolve('alone')
        },
        signal: () => {},
        dialFailed: () => {},
        rendezvous: () => {},
      })
      session.seek()
    })
  },
  send(length: number, lane: 'urgent' | 'bulk'): number {
    const bytes = new Uint8Array(length)
    for (let index = 0; index < length; index += 1) bytes[index] = index * 7 + (index >> 8)
    session.send(link, bytes, lane)
    return sumOf(bytes)
  },
  close(): void {
    session.close(link, 'test over')
  },
  destroy(): void {
    session.destroy()
  },
  report(): PageReport {
    return { ...report, bytesSent: session.bytesSent, longestTaskMs }
  },
}

function sumOf(bytes: Uint8Array): number {
  let sum = 0
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) | 0
  return sum
}

export type Page = typeof page
Object.assign(globalThis, { page })
