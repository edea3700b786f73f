/** Remembers a page's WebRTC connections in the order in which they are made, so that a test can cut one as if its path had died. */

export const connections: RTCPeerConnection[] = []

const Original = globalThis.RTCPeerConnection
globalThis.RTCPeerConnection = class extends Original {
  constructor(configuration?: RTCConfiguration) {
    super(configuration)
    connections.push(this)
  }
}
