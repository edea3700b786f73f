/**
 * A page that goes away leaves the room, so that nobody waits for it; one that comes back out of the
 * back/forward cache joins again. Outside browsers there are no pages, and this does nothing.
 */
export interface PageHooks {
  hide(): void
  show(): void
}

/** @returns a function that stops listening. */
export function whilePageLives(hooks: PageHooks): () => void {
  if (typeof window === 'undefined' || typeof window.addEventListener !== 'function') return () => {}
  const show = (event: PageTransitionEvent) => {
    if (event.persisted) hooks.show()
  }
  const page = window
  page.addEventListener('pagehide', hooks.hide)
  page.addEventListener('pageshow', show)
  return () => {
    page.removeEventListener('pagehide', hooks.hide)
    page.removeEventListener('pageshow', show)
  }
}
