/** Ids as keys, checked against another implementation. */
import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { newIdentity } from '../../src/identity/ed25519.js'

const statement = new TextEncoder().encode('what I say')
const { id, signatures } = newIdentity()
const signature = signatures.sign(statement)

describe('an identity', () => {
  test('has an id that replicas may have, another one each time', () => {
    expect(id).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(newIdentity().id).not.toBe(id)
  })

  test('signs what others can check who know its id, and nothing else', () => {
    expect(signature.length).toBe(64)
    expect(newIdentity().signatures.verify(id, statement, signature)).toBe(true)
    expect(signatures.verify(newIdentity().id, statement, signature)).toBe(false)
    expect(signatures.verify(id, statement.slice(1), signature)).toBe(false)
    expect(signatures.verify(id, statement, signature.slice(1))).toBe(false)
    expect(signatures.verify(id, statement, new Uint8Array(64))).toBe(false)
  })

  test('is Ed25519 as Node has it', () => {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: id }, format: 'jwk' })
    expect(verify(null, statement, key, signature)).toBe(true)
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const { x = '' } = publicKey.export({ format: 'jwk' })
    expect(signatures.verify(x, statement, sign(null, statement, privateKey))).toBe(true)
  })

  test.each([
    ['no key', 'anna'],
    ['too long', `${id}A`],
    ['other characters', `${id.slice(0, -1)}!`],
    ['no point of the curve', `${'_'.repeat(42)}8`],
    ['a point of small order', `AQ${'A'.repeat(41)}`],
  ])('of %s has signed nothing', (_, other) => {
    expect(signatures.verify(other, statement, signature)).toBe(false)
    expect(signatures.verify(other, statement, new Uint8Array(64))).toBe(false)
  })

  test('has one spelling', () => {
    // Two bits of the last character are no part of the key.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = alphabet.indexOf(id.at(-1) ?? '')
    const twin = id.slice(0, -1) + alphabet[last ^ 1]
    expect(atob(`${twin.replaceAll('-', '+').replaceAll('_', '/')}=`)).toBe(
      atob(`${id.replaceAll('-', '+').replaceAll('_', '/')}=`),
    )
    expect(signatures.verify(twin, statement, signature)).toBe(false)
  })
})
