/** A participant by Tidemark, with its defaults. */
import { TidemarkProvider } from 'tidemark'
import type { Join } from './participant.js'

export const join: Join = (doc, { signaling, room, peerOptions }) => {
  const provider = new TidemarkProvider(room, doc, {
    signaling,
    iceServers: [],
    ...(peerOptions && { peerOptions }),
  })
  return {
    name: () => provider.replicaId ?? '',
    neighbours: () => provider.peers,
    present: () => Math.max(0, provider.members.length - 1),
    synced: () => provider.synced,
    disconnect: () => provider.disconnect(),
    connect: () => provider.connect(),
    destroy: () => provider.destroy(),
    async compact() {
      await provider.compact()
    },
  }
}
