/**
 * How far a page has come on its way into a room, told by the browser's own objects, so that it is seen of any library
 * alike. To be imported before the library is.
 */
import { now } from '../typist.js'
import type { Stage, WayIn } from '../way-in.js'
import { onEveryChannel, onEveryConnection } from './connections.js'

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

onEveryConnection(() => reach('somebody is called'))
onEveryChannel(noticeOpening)

function noticeOpening(channel: RTCDataChannel): void {
  if (channel.readyState === 'open') reach('channel is open')
  else channel.addEventListener('open', () => reach('channel is open'))
}
