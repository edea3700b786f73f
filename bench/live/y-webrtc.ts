/**
 * A participant by y-webrtc, with its defaults but for one: pages of one browser are to talk by WebRTC, too.
 */
import { WebrtcProvider } from 'y-webrtc'
import type { Join } from './participant.js'

/** What of its inside tells which connections are open. */
interface Room {
  readonly peerId: string
  readonly webrtcConns: ReadonlyMap<string, { readonly connected: boolean }>
  readonly synced: boolean
}

export const join: Join = (doc, { signaling, room: name, peerOptions }) => {
  const provider = new WebrtcProvider(name, doc, {
    signaling: [signaling],
    filterBcConns: false,
    peerOpts: { ...peerOptions, config: { iceServers: [] } },
  })
  const room = () => provider.room as Room | null
  return {
    name: () => room()?.peerId ?? '',
    neighbours: () =>
      [...(room()?.webrtcConns ?? [])].flatMap(([name, { connected }]) => (connected ? name : [])),
    present: () => room()?.webrtcConns.size ?? 0,
    synced: () => room()?.synced ?? false,
    disconnect: () => provider.disconnect(),
    connect: () => provider.connect(),
    destroy: () => provider.destroy(),
    compact: () => Promise.resolve(),
  }
}
