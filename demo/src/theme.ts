/** Light or dark: as the system says, until somebody says otherwise. The style sheets read the root's attribute. */

export type Theme = 'light' | 'dark'

const STORAGE_KEY = 'tidemark-demo-theme'
const system = matchMedia('(prefers-color-scheme: dark)')
let chosen: Theme | undefined

/** Told on every change, for what is painted rather than styled. */
export const themeChanges = new EventTarget()

export function currentTheme(): Theme {
  return chosen ?? (system.matches ? 'dark' : 'light')
}

export function toggleTheme(): void {
  chosen = currentTheme() === 'dark' ? 'light' : 'dark'
  try {
    localStorage.setItem(STORAGE_KEY, chosen)
  } catch {
    // Without storage the choice lasts until the page is reloaded.
  }
  apply()
}

export function restoreTheme(): void {
  system.addEventListener('change', apply)
  try {
    const stored = localStorage.getItem(STORAGE_KEY)
    if (stored === 'light' || stored === 'dark') chosen = stored
  } catch {
    // See toggleTheme.
  }
  apply()
}

function apply(): void {
  document.documentElement.dataset['theme'] = currentTheme()
  themeChanges.dispatchEvent(new Event('change'))
}
