/**
 * Every way in which the server says no. A refusal is a value: it travels as the acknowledgement of the message
 * that earned it, and it never becomes an exception.
 */
export type RefusalCode =
  | 'bad-message'
  | 'unknown-event'
  | 'no-ack'
  | 'rate-limited'
  | 'busy'
  | 'too-many-rooms'
  | 'server-full'
  | 'room-full'
  | 'not-in-room'
  | 'peer-gone'
  | 'internal'

export interface RefusalReason {
  readonly code: RefusalCode
  readonly message: string
}

export interface Refusal {
  readonly ok: false
  readonly error: RefusalReason
}

export function refuse(code: RefusalCode, message: string): Refusal {
  return { ok: false, error: { code, message } }
}
