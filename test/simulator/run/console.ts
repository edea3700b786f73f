/**
 * What the command prints, and how.
 */
const PROGRESS_INTERVAL_MS = 1000
const QUIET_PROGRESS_INTERVAL_MS = 20_000

/** One line that is rewritten on a terminal, and now and then a new one elsewhere. @returns what ends it. */
export function showProgress(line: () => string): () => void {
  const { isTTY } = process.stdout
  const show = () => {
    clearLine()
    process.stdout.write(isTTY ? line().slice(0, process.stdout.columns - 1) : `${line()}\n`)
  }
  const timer = setInterval(show, isTTY ? PROGRESS_INTERVAL_MS : QUIET_PROGRESS_INTERVAL_MS)
  return () => {
    clearInterval(timer)
    clearLine()
  }
}

/** The same from within work that leaves no timer its turn. */
export function showNow(line: string): void {
  if (!process.stdout.isTTY) return
  clearLine()
  process.stdout.write(line.slice(0, process.stdout.columns - 1))
}

export function clearLine(): void {
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K')
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function sayJson(value: unknown): void {
  say(JSON.stringify(value))
}

export function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`
}

/** 1204 as 1,204. */
export function counted(count: number): string {
  return count.toLocaleString('en-US')
}

/** `1,204  name`, the largest first. */
export function table(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `  ${counted(count).padStart(11)}  ${name}`)
    .join('\n')
}

/** `name: 1,204`, the rarest first, in two columns. */
export function rarestFirst(counts: Readonly<Record<string, number>>): string {
  const lines = Object.entries(counts)
    .sort(([, a], [, b]) => a - b)
    .map(([name, count]) => `${name}: ${counted(count)}`)
  const half = Math.ceil(lines.length / 2)
  const width = Math.max(...lines.slice(0, half).map(({ length }) => length))
  return lines
    .slice(0, half)
    .map((line, i) => `  ${line.padEnd(width)}  ${lines[half + i] ?? ''}`.trimEnd())
    .join('\n')
}
