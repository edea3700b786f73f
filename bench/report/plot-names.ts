/** What pictures are called: a document refers to them without drawing them. */
import type { Plot } from '../measurement.js'

export function plotFileName(measurement: string, { title }: Plot): string {
  const words = title.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  return `${measurement}-${words.replace(/^-|-$/g, '')}.svg`
}
