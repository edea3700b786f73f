/**
 * How far a page has come on its way into a room, told by the browser's own objects, so that it is seen of any library
 * alike. To be imported before the library is.
 */
import { now } from '../typist.js'
import type { Stage, WayIn } from '../way-in.js'

let beginning = 0
let reached: WayIn = {}

export function beginWayIn(): void {
  beginning = now()
  reached = {}
}

export function wayIn(): WayIn {
  return reached
}

function reach(stage: Stage): void {
  reached[stage] ??= now() - beginning
}

globalThis.WebSocket = class extends WebSocket {
  constructor(...args: ConstructorParameters<typeof WebSocket>) {
    super(...args)
    reach('code is there')
    this.addEventListener('open', () => reach('server is reached'))
  }
}

globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...args: ConstructorParameters<typeof RTCPeerConnection>) {
    super(...args)
    reach('somebody is called')
    this.addEventListener('datachannel', ({ channel }) => noticeOpening(channel))
  }

  override createDataChannel(...args: Parameters<RTCPeerConnection['createDataChannel']>): RTCDataChannel {
    const channel = super.createDataChannel(...args)
    noticeOpening(channel)
    return channel
  }
}

function noticeOpening(channel: RTCDataChannel): void {
  if (channel.readyState === 'open') reach('channel is open')
  else channel.addEventListener('open', () => reach('channel is open'))
}
