/** A transport that lets somebody look at every message. */
import type { LinkId, Transport, TransportEvents } from '@tidemark/core'

export interface Watcher {
  received?(bytes: Uint8Array): void
  sent?(bytes: Uint8Array, link: LinkId): void
}

export function observed(transport: Transport, watcher: Watcher): Transport {
  return {
    open(room, self, events) {
      const watched: TransportEvents = {
        linkUp: (...facts) => events.linkUp(...facts),
        linkDown: (link, reason) => events.linkDown(link, reason),
        message: (link, bytes) => {
          watcher.received?.(bytes)
          events.message(link, bytes)
        },
        alone: () => events.alone(),
        signal: (to, bytes) => events.signal(to, bytes),
        dialFailed: (peer, reason) => events.dialFailed(peer, reason),
        rendezvous: (reachable, reason) => events.rendezvous(reachable, reason),
      }
      const session = transport.open(room, self, watched)
      return {
        seek: () => session.seek(),
        greet: (lineage) => session.greet(lineage),
        dial: (peer) => session.dial(peer),
        signalReceived: (from, bytes) => session.signalReceived(from, bytes),
        send: (link, bytes, lane) => {
          watcher.sent?.(bytes, link)
          session.send(link, bytes, lane)
        },
        close: (link, reason) => session.close(link, reason),
        destroy: () => session.destroy(),
      }
    },
  }
}
