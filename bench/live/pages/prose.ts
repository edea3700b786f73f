/** Text that compresses about as well as what people write: few words make up most of it, and no two lines are alike. */
const WORDS = 4000
const CONSONANTS = 'bcdfghklmnprstvwz'
const VOWELS = 'aeiou'

export type Prose = (characters: number) => string

/** @param random uniform in [0, 1). */
export function prose(random: () => number): Prose {
  const one = (of: string) => of[Math.floor(random() * of.length)] ?? ''
  const word = () =>
    Array.from({ length: 1 + Math.floor(random() * 3) }, () => one(CONSONANTS) + one(VOWELS)).join('')
  const words = Array.from({ length: WORDS }, () => word() + (random() < 0.5 ? one(CONSONANTS) : ''))
  let rest = ''
  return (characters) => {
    // As in real texts the word of rank n is used about 1/n times as often as the first.
    while (rest.length < characters) rest += `${words[Math.floor(WORDS ** random()) - 1]} `
    const text = rest.slice(0, characters)
    rest = rest.slice(characters)
    return text
  }
}
