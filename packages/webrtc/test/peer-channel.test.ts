/** What a channel keeps of the other side's doings, over real connections. */
import wrtc from '@roamhq/wrtc'
import SimplePeer from 'simple-peer/simplepeer.min.js'
import { expect, it } from 'vitest'
import { PeerChannel, type SimplePeerInstance } from '../src/link/peer-channel.js'

const timeout = 60_000

interface Opening extends SimplePeerInstance {
  readonly _pc: NonNullable<SimplePeerInstance['_pc']> & { createDataChannel(label: string): unknown }
}

function pair(): { caller: Opening; callee: PeerChannel } {
  const options = { wrtc, config: { iceServers: [] } }
  const caller = new SimplePeer({ ...options, initiator: true }) as Opening
  const callee = new PeerChannel(new SimplePeer({ ...options, initiator: false }))
  caller.on('signal', (signal) => callee.signal(signal as Parameters<PeerChannel['signal']>[0]))
  caller.on('error', () => {})
  callee.onSignal = (signal) => caller.signal(signal)
  return { caller, callee }
}

it('one channel is all that a connection may open: each more would leave a timer for ever', {
  timeout,
}, async () => {
  const { caller, callee } = pair()
  for (let i = 0; i < 20; i += 1) caller._pc.createDataChannel(`more ${i}`)
  const reason = await new Promise((resolve) => {
    callee.onClose = resolve
  })
  expect(reason).toBe('the other side opened another data channel')
  caller.destroy()
})

it('a channel of its own is all that a caller has', { timeout }, async () => {
  const options = { wrtc, config: { iceServers: [] } }
  const caller = new PeerChannel(new SimplePeer({ ...options, initiator: true }))
  const callee = new SimplePeer({ ...options, initiator: false }) as Opening
  callee.on('signal', (signal) => caller.signal(signal as Parameters<PeerChannel['signal']>[0]))
  callee.on('error', () => {})
  caller.onSignal = (signal) => callee.signal(signal)
  const closed = new Promise((resolve) => {
    caller.onClose = resolve
  })
  await new Promise<void>((resolve) => {
    caller.onOpen = resolve
  })
  callee._pc.createDataChannel('more')
  expect(await closed).toBe('the other side opened another data channel')
  callee.destroy()
})
