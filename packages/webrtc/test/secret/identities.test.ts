/** Links between members with identities, in real terms: wrtc and the real signaling server. */
import { createSignalingServer, type SignalingServer } from 'tidemark-signaling'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Identity, newIdentity } from '../identity.js'
import { connectCarriers, Replica, testBytes, until } from '../replica.js'

const timeout = 60_000

let server: SignalingServer
let url: string
let replicas: Replica[]

beforeEach(async () => {
  replicas = []
  server = createSignalingServer({ graceMs: 0, retryMs: 50 })
  url = `http://127.0.0.1:${(await server.listen(0)).port}`
})

afterEach(async () => {
  for (const { session } of replicas) session.destroy()
  await server.close()
})

function replica(id: string, signatures?: Identity['signatures'], password?: string): Replica {
  const created = new Replica(id, url, { password }, 'room', signatures)
  replicas.push(created)
  return created
}

const member = ({ id, signatures }: Identity, password?: string) => replica(id, signatures, password)

describe('[ID7] with identities', () => {
  it.each([
    ['and a password', 'secret'],
    ['alone', undefined],
  ])('%s, newcomers and members know who is at the other end', { timeout }, async (_, password) => {
    const [anna, bert, cleo] = [newIdentity(), newIdentity(), newIdentity()].map((one) =>
      member(one, password),
    )
    if (!anna || !bert || !cleo) throw new Error('there are three')
    await anna.found()
    await until(() => anna.isReachable)
    await bert.join()
    await until(() => anna.links.length === 1)
    expect([anna.proven, bert.proven]).toEqual([[bert.id], [anna.id]])
    connectCarriers(bert, cleo)
    bert.session.dial(cleo.id)
    await until(() => cleo.links.length === 1 && bert.links.length === 2)
    expect([cleo.proven, bert.proven]).toEqual([[bert.id], [anna.id, cleo.id]])
    bert.send(testBytes(100))
    await until(() => cleo.messages.length === 1)
  })

  it('nobody gets a link under another one’s id', { timeout }, async () => {
    const anna = member(newIdentity())
    await anna.found()
    await until(() => anna.isReachable)
    const impostor = replica(newIdentity().id, newIdentity().signatures)
    impostor.session.seek()
    await until(() => anna.mismatches.includes('nameless'))
    expect([anna.links, impostor.messages]).toEqual([[], []])
  })

  it('nobody gets a link without, and both sides are told', { timeout }, async () => {
    const anna = member(newIdentity())
    await anna.found()
    await until(() => anna.isReachable)
    const nobody = replica('nobody')
    nobody.session.seek()
    await until(() => anna.mismatches.length > 0 && nobody.mismatches.length > 0)
    expect([anna.mismatches, nobody.mismatches]).toEqual([['nameless'], ['named']])
    expect(anna.links).toEqual([])
  })
})
