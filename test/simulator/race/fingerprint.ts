/**
 * One text for all that an object holds, whatever its classes: two states of a machine with the same text behave
 * the same from here on. Functions are left out: they belong to the classes, not to the state.
 *
 * @param opaque not looked into.
 */
export function fingerprint(root: object, opaque: readonly object[] = []): string {
  const known = new Map<object, number>(opaque.map((object, i) => [object, i]))
  const parts: string[] = []

  const write = (value: unknown): void => {
    if (typeof value === 'function') parts.push('f')
    else if (typeof value !== 'object' || value === null) parts.push(String(value))
    else writeObject(value)
    parts.push(' ')
  }

  const writeObject = (value: object): void => {
    const number = known.get(value)
    if (number !== undefined) return void parts.push('#', String(number))
    known.set(value, known.size)
    if (value instanceof Uint8Array) return void parts.push('b', value.join())
    if (value instanceof Map) return writeAll('m', [...value].flat())
    if (value instanceof Set) return writeAll('s', [...value])
    if (Array.isArray(value)) return writeAll('a', value)
    writeAll('o', Object.values(value))
  }

  const writeAll = (kind: string, values: readonly unknown[]): void => {
    parts.push(kind, String(values.length), ' ')
    for (const value of values) write(value)
  }

  write(root)
  return parts.join('')
}
