/** The few pictures on buttons. All are drawn for a 24 × 24 grid in the text's colour, and hidden from screen readers. */
import { html, svg, type TemplateResult } from 'lit'

const SHAPES = {
  sun: svg`<circle cx="12" cy="12" r="4"/><path d="M12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4"/>`,
  moon: svg`<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z"/>`,
  tab: svg`<path d="M14 4h6v6M20 4l-9 9M18 14v4a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2h4"/>`,
  play: svg`<path d="M7 5l12 7-12 7z" fill="currentColor"/>`,
  pause: svg`<path d="M8 5v14M16 5v14" stroke-width="3.4"/>`,
  plug: svg`<path d="M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4"/>`,
  unplug: svg`<path d="M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-1 3.3M14 16.7A6 6 0 0 1 6 11M12 17v4M3 3l18 18"/>`,
  compact: svg`<path d="M12 3v6M9 6.5l3 3 3-3M12 21v-6M9 17.5l3-3 3 3M4 12h16"/>`,
  trouble: svg`<path d="M13 2L5 13h6l-1 9 9-12h-6z"/>`,
  close: svg`<path d="M6 6l12 12M18 6L6 18"/>`,
}

export function icon(name: keyof typeof SHAPES): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${SHAPES[name]}</svg>`
}
