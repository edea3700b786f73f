/**
 * Every connection and every data channel of a page, whichever library opens it, before that library gets it. To be
 * imported before any library is.
 */
const onConnections: (() => void)[] = []
const onChannels: ((channel: RTCDataChannel) => void)[] = []

export function onEveryConnection(look: () => void): void {
  onConnections.push(look)
}

export function onEveryChannel(look: (channel: RTCDataChannel) => void): void {
  onChannels.push(look)
}

globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...args: ConstructorParameters<typeof RTCPeerConnection>) {
    super(...args)
    for (const look of onConnections) look()
    this.addEventListener('datachannel', ({ channel }) => show(channel))
  }

  override createDataChannel(...args: Parameters<RTCPeerConnection['createDataChannel']>): RTCDataChannel {
    const channel = super.createDataChannel(...args)
    show(channel)
    return channel
  }
}

function show(channel: RTCDataChannel): void {
  for (const look of onChannels) look(channel)
}
