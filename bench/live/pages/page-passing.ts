/** What leaves this page and comes to it. */
import { Passing } from '../passing.js'
import { onEveryChannel } from './connections.js'

export const passing = new Passing()

const { send } = RTCDataChannel.prototype
RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: unknown) {
  passing.noteLeaving()
  Reflect.apply(send, this, [data])
} as typeof send

onEveryChannel((channel) => channel.addEventListener('message', () => passing.noteComing()))
