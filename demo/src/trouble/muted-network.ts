/**
 * A network that can die: while it is muted, nothing that is sent over a data channel leaves this page, and nothing
 * comes in. Nobody is told, as when a cable is pulled.
 *
 * It has to be in place before the first link is made.
 */

let isMuted = false

export function mute(muted: boolean): void {
  isMuted = muted
}

export function makeMutable(): void {
  const { prototype } = RTCDataChannel
  const send = prototype.send as (this: RTCDataChannel, data: unknown) => void
  prototype.send = function (this: RTCDataChannel, data: unknown): void {
    if (!isMuted) send.call(this, data)
  }
  const handler = Object.getOwnPropertyDescriptor(prototype, 'onmessage')
  if (!handler?.set) throw new Error('this browser hides how its data channels are listened to')
  const { set } = handler
  Object.defineProperty(prototype, 'onmessage', {
    ...handler,
    set(this: RTCDataChannel, listener: ((event: MessageEvent) => void) | null) {
      set.call(this, listener && ((event: MessageEvent) => isMuted || listener.call(this, event)))
    },
  })
}
