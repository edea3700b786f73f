/**
 * The page of the harness's own test: known traffic, known errors, tasks of known length.
 */

interface ChannelStats {
  readonly bytesSent: number
  readonly messagesSent: number
}

let caller: RTCPeerConnection | undefined
let callee: RTCPeerConnection | undefined

/** Connects two peers within the page and sends from one to the other; resolves when all has arrived. */
export async function exchange(messages: number, bytesEach: number): Promise<ChannelStats> {
  const [from, to] = [new RTCPeerConnection(), new RTCPeerConnection()]
  caller = from
  callee = to
  from.onicecandidate = ({ candidate }) => to.addIceCandidate(candidate)
  to.onicecandidate = ({ candidate }) => from.addIceCandidate(candidate)
  const channel = from.createDataChannel('probe')
  const arrived = new Promise<void>((resolve) => {
    let count = 0
    to.ondatachannel = ({ channel: received }) => {
      received.onmessage = () => {
        count++
        if (count === messages) resolve()
      }
    }
  })
  await from.setLocalDescription()
  await to.setRemoteDescription(from.localDescription as RTCSessionDescription)
  await to.setLocalDescription()
  await from.setRemoteDescription(to.localDescription as RTCSessionDescription)
  await new Promise((resolve) => channel.addEventListener('open', resolve))
  for (let i = 0; i < messages; i++) channel.send(new Uint8Array(bytesEach))
  await arrived
  return await channelStats(from)
}

/** What Chromium itself says of the open channel. */
async function channelStats(connection: RTCPeerConnection): Promise<ChannelStats> {
  for (const stats of (await connection.getStats()).values() as Iterable<ChannelStats & { type: string }>) {
    if (stats.type === 'data-channel') return { bytesSent: stats.bytesSent, messagesSent: stats.messagesSent }
  }
  throw new Error('no channel is open')
}

export function hangUp(): void {
  caller?.close()
  callee?.close()
}

/** Blocks the page, in a task of its own. */
export function block(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(() => {
      const endsAt = performance.now() + durationMs
      while (performance.now() < endsAt);
      resolve()
    }, 0)
  })
}

export function complain(text: string): void {
  console.error(text)
}

export function throwLater(text: string): void {
  setTimeout(() => {
    throw new Error(text)
  }, 0)
}

/** What a page leaves for others of its context. */
export function remember(text: string): void {
  localStorage.setItem('remembered', text)
}

export function recall(): string | null {
  return localStorage.getItem('remembered')
}

export function secure(): boolean {
  return isSecureContext && location.search === '?room=a'
}
