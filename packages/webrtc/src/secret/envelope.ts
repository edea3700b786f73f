/**
 * One text of a call, sealed for its way: text → AES-GCM under the room's key → text again (rule AC2).
 *
 * What the receiver knows by itself is authenticated beside the content (`Route`): the room, which kind of carrier,
 * from whom to whom. What only the sender can know is part of the content: the call, the sender's replica id, and
 * of each signal whether it is an offer, an answer or a candidate. So an envelope opens nowhere but where it was
 * sent, and what it holds counts for nothing but its own call.
 *
 * Contents are filled up to whole kilobytes. The carrier sees how many messages there are, and when; their sizes
 * would tell it besides how many addresses a machine has and which browser it runs. This costs nothing:
 * a signaling server counts in units of 4 KiB, and JSON takes spaces behind it.
 */

export interface Route {
  readonly room: string
  readonly carrier: Carrier
  /** As the carrier calls them. */
  readonly from: string
  readonly to: string
}

/** Who carries calls: a signaling server (newcomers), or members (all others). */
export type Carrier = 'server' | 'members'

const mark = 'tidemark-sealed-1:'
const nonceBytes = 12
const paddingBytes = 1024
const space = 0x20

export function isSealed(text: string): boolean {
  return text.startsWith(mark)
}

export async function seal(key: CryptoKey, route: Route, text: string): Promise<string> {
  // Chosen at random, as members share the key: safe for 2^32 envelopes, far more than a room ever needs.
  const nonce = crypto.getRandomValues(new Uint8Array(nonceBytes))
  const sealed = await crypto.subtle.encrypt(algorithm(nonce, route), key, filledUp(text))
  const envelope = new Uint8Array(nonceBytes + sealed.byteLength)
  envelope.set(nonce)
  envelope.set(new Uint8Array(sealed), nonceBytes)
  return mark + toBase64(envelope)
}

/** Null if it was sealed with another key, for another way, or has been changed since. */
export async function open(key: CryptoKey, route: Route, text: string): Promise<string | null> {
  const envelope = isSealed(text) ? fromBase64(text.slice(mark.length)) : null
  if (envelope === null || envelope.byteLength <= nonceBytes) return null
  const nonce = envelope.slice(0, nonceBytes)
  try {
    const content = await crypto.subtle.decrypt(algorithm(nonce, route), key, envelope.subarray(nonceBytes))
    return new TextDecoder().decode(content).trimEnd()
  } catch {
    return null
  }
}

function algorithm(iv: Uint8Array<ArrayBuffer>, { room, carrier, from, to }: Route): AesGcmParams {
  // JSON keeps the parts apart, whatever is in them.
  const additionalData = new TextEncoder().encode(JSON.stringify([mark, room, carrier, from, to]))
  return { name: 'AES-GCM', iv, additionalData }
}

function filledUp(text: string): Uint8Array<ArrayBuffer> {
  const content = new TextEncoder().encode(text)
  const filled = new Uint8Array(Math.ceil(content.byteLength / paddingBytes) * paddingBytes).fill(space)
  filled.set(content)
  return filled
}

function toBase64(bytes: Uint8Array): string {
  let characters = ''
  for (const byte of bytes) characters += String.fromCharCode(byte)
  return btoa(characters)
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    return null
  }
}
