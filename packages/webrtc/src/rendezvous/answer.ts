/** What a signaling server answers. It is not trusted to keep to its contract: anything else is a refusal. */

export type Answer =
  | { readonly ok: true; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly code: string; readonly message: string }

export type SeekAnswer =
  | { readonly kind: 'peer'; readonly peer: string }
  | { readonly kind: 'found' }
  | { readonly kind: 'wait'; readonly waitMs: number }
  | { readonly kind: 'refused'; readonly reason: string }

const maxWaitMs = 60_000

export function refusal(code: string, message: string): Answer {
  return { ok: false, code, message }
}

export function readAnswer(value: unknown): Answer {
  if (!isRecord(value)) return refusal('bad-answer', 'the server gave an answer that makes no sense')
  const { ok, error } = value
  if (ok === true) return { ok: true, fields: value }
  const { code, message } = isRecord(error) ? error : {}
  return refusal(
    typeof code === 'string' ? code : 'refused',
    typeof message === 'string' ? message : 'refused',
  )
}

export function readSeekAnswer(answer: Answer): SeekAnswer {
  if (!answer.ok) return { kind: 'refused', reason: answer.message }
  const { peer, found, waitMs } = answer.fields
  if (typeof peer === 'string' && peer !== '') return { kind: 'peer', peer }
  if (found === true) return { kind: 'found' }
  if (typeof waitMs === 'number' && waitMs >= 0) return { kind: 'wait', waitMs: Math.min(waitMs, maxWaitMs) }
  return { kind: 'refused', reason: 'the server gave an answer that makes no sense' }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
