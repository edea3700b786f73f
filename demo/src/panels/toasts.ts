/** Problems, said once each and without being in the way, with what to do about them. */
import { html, LitElement } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import type { Remedy } from '../problems.js'
import { icon } from './icons.js'

interface Toast {
  readonly id: number
  readonly message: string
  readonly times: number
  readonly remedy: Remedy | undefined
}

export interface ToastOptions {
  /** Whether it stays until it is taken back or dismissed. */
  readonly isLasting?: boolean
  /** What the reader can do about it at once. */
  readonly remedy?: Remedy
}

const SHOWN_MS = 12_000
const MAX_TOASTS = 3

export class Toasts extends LitElement {
  private toasts: Toast[] = []
  private lastId = 0

  protected override createRenderRoot(): HTMLElement {
    return this
  }

  /**
   * @param message what happened and what to do. One that is still shown is counted, not repeated.
   * @returns what takes it back.
   */
  show(message: string, { isLasting = false, remedy }: ToastOptions = {}): () => void {
    const shown = this.toasts.find((toast) => toast.message === message)
    const toast = { id: shown?.id ?? ++this.lastId, message, times: (shown?.times ?? 0) + 1, remedy }
    this.toasts = [...this.toasts.filter(({ id }) => id !== toast.id), toast].slice(-MAX_TOASTS)
    if (!isLasting) setTimeout(() => this.dismiss(toast), SHOWN_MS)
    this.requestUpdate()
    return () => this.dismiss(toast)
  }

  override render() {
    return html`
      <div class="toasts" role="status" aria-live="polite">
        ${repeat(
          this.toasts,
          ({ id }) => id,
          (toast) => html`
          <div class="toast">
            <p>${toast.message}${toast.times > 1 ? html` <span class="hint">(${toast.times} times)</span>` : ''}</p>
            ${
              toast.remedy
                ? html`<button class="button" type="button" @click=${toast.remedy.run}>${toast.remedy.label}</button>`
                : ''
            }
            <button class="button icon-only quiet" type="button" aria-label="Dismiss" @click=${() => this.dismiss(toast, true)}>
              ${icon('close')}
            </button>
          </div>`,
        )}
      </div>
    `
  }

  private dismiss(toast: Toast, isForced = false): void {
    this.toasts = this.toasts.filter(
      (shown) => shown.id !== toast.id || (!isForced && shown.times > toast.times),
    )
    this.requestUpdate()
  }
}

customElements.define('tidemark-toasts', Toasts)
