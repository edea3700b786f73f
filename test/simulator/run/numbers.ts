/** Numbers on a command line. */

/** @throws an Error that says what is wrong with it. Undefined: it was not given. */
export function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!(value > 0 && Number.isFinite(value)))
    throw new Error(`--${name} must be a positive number, not "${text}"`)
  return value
}
